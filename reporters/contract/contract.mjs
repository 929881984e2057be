// Reads JUnit files with the parsers that build servers and test reports use, and
// compares what each one sees with what was written.
//   node contract.mjs DIR     DIR/x.xml beside DIR/x.expected.json
// Prints one line per parser and file; exits 1 where one sees something else.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { junitXml } from "@allurereport/reader";
import { PathResultFile } from "@allurereport/reader-api";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import xmljs from "xml-js";
import xml2js from "xml2js";

const list = (v) => (v === undefined ? [] : Array.isArray(v) ? v : [v]);

// outcome finds the one outcome of a case; two of them are a case of their own.
function outcome(of) {
  const seen = [["failed", of("failure")], ["broken", of("error")], ["skipped", of("skipped")]].filter(([, v]) => v !== undefined);
  if (seen.length > 1) return { status: "several outcomes", message: "", body: "" };
  if (seen.length === 0) return { status: "passed", message: "", body: "" };
  return { status: seen[0][0], ...seen[0][1] };
}

async function withXml2js(text) {
  const doc = await xml2js.parseStringPromise(text);
  const read = (v) => v && { message: v[0].$.message, body: v[0]._ ?? "" };
  return doc.testsuites.testsuite.flatMap((s) =>
    s.testcase.map((c) => ({
      name: c.$.name, classname: c.$.classname, time: c.$.time, ...outcome((n) => read(c[n])),
      output: c["system-out"]?.[0] ?? "", flaky: c.flakyFailure?.[0].$.message ?? "",
    })),
  );
}

function withXmlJs(text) {
  const doc = xmljs.xml2js(text, { compact: true });
  const read = (v) => v && { message: v._attributes.message, body: v._cdata ?? v._text ?? "" };
  return list(doc.testsuites.testsuite).flatMap((s) =>
    list(s.testcase).map((c) => ({
      name: c._attributes.name, classname: c._attributes.classname, time: c._attributes.time, ...outcome((n) => read(c[n])),
      output: c["system-out"]?._cdata ?? "", flaky: c.flakyFailure?._attributes.message ?? "",
    })),
  );
}

function withFastXmlParser(text) {
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new Error(JSON.stringify(valid));
  const doc = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "@", parseTagValue: false }).parse(text);
  const read = (v) => v && { message: v["@message"], body: v["#text"] ?? "" };
  return list(doc.testsuites.testsuite).flatMap((s) =>
    list(s.testcase).map((c) => ({
      name: c["@name"], classname: c["@classname"], time: c["@time"], ...outcome((n) => read(c[n])),
      output: c["system-out"] ?? "", flaky: c.flakyFailure?.["@message"] ?? "",
    })),
  );
}

async function withAllure(text, file) {
  const results = [];
  const attachments = new Map();
  const visitor = {
    visitTestResult: async (r) => void results.push(r),
    visitAttachmentFile: async (f) => void attachments.set(f.getOriginalFileName(), await f.asUtf8String()),
  };
  if (!(await junitXml.read(visitor, new PathResultFile(file, basename(file))))) throw new Error("the file was not accepted");
  return results.map((r) => ({
    name: r.name, classname: r.labels.find((l) => l.name === "testClass").value, time: (r.duration / 1000).toFixed(3),
    status: r.status, message: r.message ?? "", body: r.trace ?? "",
    output: attachments.get(r.steps[0]?.originalFileName) ?? "", flaky: undefined, // Allure does not read flakyFailure
  }));
}

const parsers = { xml2js: withXml2js, "xml-js": withXmlJs, "fast-xml-parser": withFastXmlParser, "@allurereport/reader": withAllure };

function compare(want, got) {
  const wrong = [];
  if (want.length !== got.length) wrong.push(`${got.length} cases, want ${want.length}`);
  want.forEach((w, i) => {
    for (const [field, value] of Object.entries(w)) {
      const seen = got[i]?.[field];
      if (field === "flaky" && seen === undefined) continue;
      if (seen !== value) wrong.push(`${w.name}: ${field}\n    is   ${JSON.stringify(seen)}\n    want ${JSON.stringify(value)}`);
    }
  });
  return wrong;
}

let failed = false;
const dir = process.argv[2];
for (const name of readdirSync(dir).filter((n) => n.endsWith(".xml")).sort()) {
  const text = readFileSync(join(dir, name), "utf8");
  const want = JSON.parse(readFileSync(join(dir, name.replace(/xml$/, "expected.json")), "utf8"));
  for (const [parser, read] of Object.entries(parsers)) {
    let wrong;
    try {
      wrong = compare(want, await read(text, join(dir, name)));
    } catch (e) {
      wrong = [`could not be read: ${e.message}`];
    }
    failed ||= wrong.length > 0;
    console.log(`${wrong.length ? "FAIL" : "ok  "}  ${parser}  ${name}  ${want.length} cases${wrong.map((w) => "\n  " + w).join("")}`);
  }
}
process.exit(failed ? 1 : 0);
