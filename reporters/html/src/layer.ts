import { Detail, Matrix, roundTrips, time } from "./data";
import { letterOf, ramp } from "./letters";

export type Paint = "outcome" | "rtt";

// Layer is one matrix in the order of the map: positions on the screen, not
// indexes into the matrix.
export class Layer {
  readonly rows: number;
  readonly columns: number;
  readonly rowWrong: number[];
  readonly columnWrong: number[];
  readonly letters = new Set<string>();
  readonly wrong: number;
  readonly unseen: number;
  readonly rtt: Uint8Array | undefined;
  readonly slowest: number = 0;
  readonly fastest: number = 255;

  // The orders of the matrix say which of its rows and columns are in the layer.
  constructor(readonly matrix: Matrix, readonly index: number, rtt = roundTrips(matrix)) {
    this.rows = matrix.rowOrder.length;
    this.columns = matrix.columnOrder.length;
    this.rowWrong = new Array<number>(this.rows).fill(0);
    this.columnWrong = new Array<number>(this.columns).fill(0);
    this.rtt = rtt;
    let [wrong, unseen] = [0, 0];
    for (let r = 0; r < this.rows; r++) {
      for (let c = 0; c < this.columns; c++) {
        const word = this.word(r, c);
        this.letters.add(word);
        if (word === "?") unseen++;
        if (!letterOf(word, false).wrong) continue;
        wrong++;
        this.rowWrong[r]!++;
        this.columnWrong[c]!++;
      }
    }
    this.wrong = wrong;
    this.unseen = unseen;
    for (let r = 0; r < this.rows && rtt; r++) {
      for (let c = 0; c < this.columns; c++) {
        const step = this.step(r, c);
        if (step === 0) continue;
        this.slowest = Math.max(this.slowest, step);
        this.fastest = Math.min(this.fastest, step);
      }
    }
  }

  // rowShare and columnShare are how much of a row or column fails, from 0 to 1.
  rowShare(r: number): number {
    return this.rowWrong[r]! / Math.max(this.columns, 1);
  }

  columnShare(c: number): number {
    return this.columnWrong[c]! / Math.max(this.rows, 1);
  }

  // note is written below a glyph, where a cell stands for more than one pair.
  note(_r: number, _c: number): string {
    return "";
  }

  // largest is how large a cell may become, in pixels.
  get largest(): number {
    return 52;
  }

  // sentence says one cell in words.
  sentence(r: number, c: number): string {
    const step = this.step(r, c);
    return `${this.from(r)} → ${this.to(c)}: ${letterOf(this.word(r, c), false).says}${step ? `, ${time(step)}` : ""}`;
  }

  // cell is the number of a cell in the matrix.
  cell(r: number, c: number): number {
    return this.matrix.rowOrder[r]! * this.matrix.columns.length + this.matrix.columnOrder[c]!;
  }

  word(r: number, c: number): string {
    return this.matrix.words[this.cell(r, c)] ?? "?";
  }

  from(r: number): string {
    return this.matrix.rows[this.matrix.rowOrder[r]!] ?? "";
  }

  to(c: number): string {
    return this.matrix.columns[this.matrix.columnOrder[c]!] ?? "";
  }

  notRun(r: number): string | undefined {
    return this.matrix.notRun?.[String(this.matrix.rowOrder[r])];
  }

  detail(r: number, c: number): Detail | undefined {
    const cell = this.cell(r, c);
    return this.matrix.details?.find((d) => d.cell === cell);
  }

  step(r: number, c: number): number {
    return this.rtt?.[this.cell(r, c)] ?? 0;
  }

  colour(r: number, c: number, paint: Paint, isDark: boolean): string {
    const word = this.word(r, c);
    const step = this.step(r, c);
    if (paint === "outcome" || step === 0) return letterOf(word, isDark).back;
    return ramp((step - this.fastest) / Math.max(this.slowest - this.fastest, 1));
  }

  // picture is one pixel a cell.
  picture(paint: Paint, isDark: boolean): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(this.columns, 1);
    canvas.height = Math.max(this.rows, 1);
    const pen = canvas.getContext("2d")!;
    const image = pen.createImageData(canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    const known = new Map<string, number>();
    for (let r = 0, at = 0; r < this.rows; r++) {
      for (let c = 0; c < this.columns; c++, at++) {
        const key = paint === "outcome" ? this.word(r, c) : this.word(r, c) + this.step(r, c);
        let pixel = known.get(key);
        if (pixel === undefined) {
          const rgb = parseInt(this.colour(r, c, paint, isDark).slice(1), 16);
          pixel = (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0; // little-endian ABGR
          known.set(key, pixel);
        }
        pixels[at] = pixel;
      }
    }
    pen.putImageData(image, 0, 0);
    return canvas;
  }

  // firstWorst is where to look first: a failing cell, or one that was not observed.
  firstWorst(): [number, number] {
    for (const fits of [(w: string) => letterOf(w, false).wrong, (w: string) => w === "?"]) {
      for (let r = 0; r < this.rows; r++) {
        for (let c = 0; c < this.columns; c++) if (fits(this.word(r, c))) return [r, c];
      }
    }
    return [0, 0];
  }

  // sum says how the layer stands, in words.
  sum(): string {
    const number = (n: number): string => n.toLocaleString("en");
    const all = this.rows * this.columns;
    const unseen = this.unseen ? `, ${number(this.unseen)} not observed` : "";
    return this.wrong || unseen ? `${number(this.wrong)} of ${number(all)} pairs fail${unseen}` : `all ${number(all)} pairs are right`;
  }

  find(from: string, to: string): [number, number] | undefined {
    const r = this.matrix.rowOrder.findIndex((i) => this.matrix.rows[i] === from);
    const c = this.matrix.columnOrder.findIndex((i) => this.matrix.columns[i] === to);
    return r < 0 || c < 0 ? undefined : [r, c];
  }
}
