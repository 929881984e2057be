// The data beside the script; data.go writes it.

export interface Matrix {
  flow: string;
  title: string;
  rows: string[];
  columns: string[];
  words: string;
  notRun?: Record<string, string>;
  rtt?: string;
  rowOrder: number[];
  columnOrder: number[];
  details?: Detail[];
}

// Detail is what was tried for one cell: of each attempt the result, and what was told with it.
export interface Detail {
  cell: number;
  attempts: [string, string][];
  left?: number;
  after?: number;
  met?: string;
  pathMTU?: number;
}

export interface Finding {
  check: string;
  subject: string;
  says: string;
  word: string;
  matrix: number;
  pairs: number[];
  evidence?: string[];
}

export interface Data {
  matrices: Matrix[];
  findings: Finding[];
  zones?: Record<string, string>;
  left?: number; // cells whose details are not here
}

export function load(): Data {
  return JSON.parse(document.getElementById("data")?.textContent ?? "") as Data;
}

// roundTrips unpacks the byte a cell: 0 is not measured, otherwise 1 + 10·log2(µs).
export function roundTrips(m: Matrix): Uint8Array | undefined {
  if (!m.rtt) return undefined;
  const raw = atob(m.rtt);
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

export function micros(step: number): number {
  return Math.round(2 ** ((step - 1) / 10));
}

export function time(step: number): string {
  const us = micros(step);
  if (us < 1000) return `${us} µs`;
  return us < 1e6 ? `${(us / 1000).toPrecision(3)} ms` : `${(us / 1e6).toPrecision(3)} s`;
}

// speaksOf says whether a finding names a cell (row × columns + column).
export function speaksOf(f: Finding, cell: number): boolean {
  let at = 0;
  for (const step of f.pairs) {
    at += step;
    if (at >= cell) return at === cell;
  }
  return false;
}
