import { Matrix } from "./data";
import { Layer } from "./layer";
import { letterOf, worse } from "./letters";

const number = (n: number): string => n.toLocaleString("en");
const none = "no zone";
const large = 250; // rows or columns above which a layer begins with its zones

// Block is all pairs from one zone to another.
export interface Block {
  pairs: number;
  counts: Map<string, number>; // by letter
  wrong: number;
  slowest: number; // step of the round trip
}

// ZoneLayer is a layer in which each cell is a block. Its rows and columns are
// zones, in the order of their names.
export class ZoneLayer extends Layer {
  private constructor(matrix: Matrix, readonly whole: Layer, private readonly blocks: Block[][], private readonly zoneOf: (id: string) => string) {
    super(matrix, whole.index, Uint8Array.from(blocks.flat(), (b) => b.slowest));
    const sum = (of: Block[]): number => of.reduce((n, b) => n + b.wrong, 0);
    blocks.forEach((row, r) => (this.rowWrong[r] = sum(row)));
    matrix.columns.forEach((_, c) => (this.columnWrong[c] = sum(blocks.map((row) => row[c]!))));
  }

  // of gives the zones of a layer; none where it is small, or all of it is one block.
  static of(whole: Layer, zones: Record<string, string>): ZoneLayer | undefined {
    const { matrix } = whole;
    if (Math.max(matrix.rows.length, matrix.columns.length) <= large) return undefined;
    const zoneOf = (id: string): string => zones[id.slice(id.indexOf("/") + 1)] ?? none;
    const names = (ids: string[]): string[] => [...new Set(ids.map(zoneOf))].sort();
    const [rows, columns] = [names(matrix.rows), names(matrix.columns)];
    if (rows.length * columns.length < 2) return undefined;
    const blocks = rows.map(() => columns.map((): Block => ({ pairs: 0, counts: new Map(), wrong: 0, slowest: 0 })));
    for (let r = 0; r < whole.rows; r++) {
      const line = blocks[rows.indexOf(zoneOf(whole.from(r)))]!;
      const at = Array.from({ length: whole.columns }, (_, c) => line[columns.indexOf(zoneOf(whole.to(c)))]!);
      for (let c = 0; c < whole.columns; c++) count(at[c]!, whole.word(r, c), whole.step(r, c));
    }
    const words = blocks.flat().map((b) => [...b.counts.keys()].reduce(worse)).join("");
    const order = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
    return new ZoneLayer(
      { flow: matrix.flow, title: matrix.title, rows, columns, words, rowOrder: order(rows.length), columnOrder: order(columns.length) },
      whole, blocks, zoneOf,
    );
  }

  block(r: number, c: number): Block {
    return this.blocks[r]![c]!;
  }

  // opened is the layer of one block's pairs.
  opened(from: string, to: string): Layer {
    const { matrix, index, rtt } = this.whole;
    return new Layer({
      ...matrix,
      rowOrder: matrix.rowOrder.filter((i) => this.zoneOf(matrix.rows[i]!) === from),
      columnOrder: matrix.columnOrder.filter((i) => this.zoneOf(matrix.columns[i]!) === to),
    }, index, rtt);
  }

  // placeOf is the block in which a pair is.
  placeOf(from: string, to: string): { from: string; to: string } {
    return { from: this.zoneOf(from), to: this.zoneOf(to) };
  }

  override get largest(): number {
    return 96;
  }

  override rowShare(r: number): number {
    return share(this.blocks[r]!);
  }

  override columnShare(c: number): number {
    return share(this.blocks.map((row) => row[c]!));
  }

  // counted is how many pairs made the block what it is painted as.
  private counted(r: number, c: number): number {
    const { wrong, counts } = this.block(r, c);
    return wrong || (counts.get(this.word(r, c)) ?? 0);
  }

  override note(r: number, c: number): string {
    return this.word(r, c) === "." ? "" : number(this.counted(r, c));
  }

  override sentence(r: number, c: number): string {
    const { wrong, pairs } = this.block(r, c);
    const says = letterOf(this.word(r, c), false).says;
    const way = `zone ${this.from(r)} → zone ${this.to(c)}`;
    if (this.word(r, c) === ".") return `${way}: all ${number(pairs)} pairs are right`;
    const share = `${number(this.counted(r, c))} of ${number(pairs)} pairs`;
    return wrong ? `${way}: ${share} fail, the worst: ${says}` : `${way}: ${share} are ${says}`;
  }

  override sum(): string {
    return this.whole.sum();
  }
}

function count(b: Block, word: string, step: number): void {
  b.pairs++;
  b.counts.set(word, (b.counts.get(word) ?? 0) + 1);
  if (letterOf(word, false).wrong) b.wrong++;
  b.slowest = Math.max(b.slowest, step);
}

function share(blocks: Block[]): number {
  const pairs = blocks.reduce((n, b) => n + b.pairs, 0);
  return blocks.reduce((n, b) => n + b.wrong, 0) / Math.max(pairs, 1);
}
