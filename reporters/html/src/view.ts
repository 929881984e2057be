import { Layer } from "./layer";

export const labelled = 13; // a cell of so many pixels has room for its label and glyph
export const bars = 64; // room for the row and column sums
const tallest = 620;

export interface Cell {
  r: number;
  c: number;
}

// View is where the cells of a layer lie on the canvas: which one is in the
// corner, how large they are, and what room the labels take.
export class View {
  layer!: Layer;
  chosen: Cell = { r: 0, c: 0 };
  protected cell = 0; // pixels
  protected top = 0; // gutters
  protected left = 0;
  protected first: Cell = { r: 0, c: 0 }; // the cell in the corner
  protected zoom = 1;
  protected labels: { rows: string[]; columns: string[] } = { rows: [], columns: [] };

  constructor(readonly canvas: HTMLCanvasElement) {}

  whole(): void {
    this.zoom = 1;
    this.first = { r: 0, c: 0 };
  }

  get zoomed(): boolean {
    return this.zoom > 1;
  }

  get cellSize(): number {
    return this.cell;
  }

  at(x: number, y: number): Cell | undefined {
    const c = Math.floor((x - this.left) / this.cell + this.first.c);
    const r = Math.floor((y - this.top) / this.cell + this.first.r);
    const inside = x >= this.left && y >= this.top && x < this.left + this.wide() && y < this.top + this.high();
    return inside && r < this.layer.rows && c < this.layer.columns ? { r, c } : undefined;
  }

  protected names(ids: string[]): string[] {
    return ids.map((id) => {
      const name = id.slice(id.indexOf("/") + 1);
      return name.length > 24 ? `${name.slice(0, 12)}…${name.slice(-11)}` : name;
    });
  }

  // measure finds the size of a cell; labels take room only where they can be read.
  protected measure(): void {
    const width = this.canvas.clientWidth;
    const pen = this.canvas.getContext("2d")!;
    pen.font = this.font(12);
    const longest = (names: string[]): number => Math.max(0, ...names.slice(0, 400).map((n) => pen.measureText(n).width));
    const fit = (left: number, top: number): number =>
      Math.min((width - left - bars) / Math.max(this.layer.columns, 1), (tallest - top - bars) / Math.max(this.layer.rows, 1), this.layer.largest);
    const left = Math.ceil(longest(this.labels.rows)) + 12;
    const top = Math.ceil(longest(this.labels.columns) * 0.71) + 22;
    this.cell = Math.max(fit(left, top), 0.2) * this.zoom;
    this.left = left;
    this.top = top;
    if (this.cell < labelled) {
      this.left = 22;
      this.top = 22;
      this.cell = Math.max(fit(22, 22), 0.2) * this.zoom;
    }
    this.first = this.clamp(this.first);
  }

  protected wide(): number {
    const room = this.canvas.clientWidth - this.left - bars;
    return Math.min(room, this.cell * this.layer.columns);
  }

  protected high(): number {
    return Math.min(tallest - this.top - bars, this.cell * this.layer.rows);
  }

  protected clamp(f: Cell): Cell {
    return {
      r: Math.min(Math.max(f.r, 0), Math.max(this.layer.rows - this.high() / this.cell, 0)),
      c: Math.min(Math.max(f.c, 0), Math.max(this.layer.columns - this.wide() / this.cell, 0)),
    };
  }

  protected reveal(centre: boolean): void {
    const rows = this.high() / this.cell;
    const columns = this.wide() / this.cell;
    const { r, c } = this.chosen;
    if (centre) this.first = { r: r - rows / 2, c: c - columns / 2 };
    if (r < this.first.r) this.first.r = r;
    if (r + 1 > this.first.r + rows) this.first.r = r + 1 - rows;
    if (c < this.first.c) this.first.c = c;
    if (c + 1 > this.first.c + columns) this.first.c = c + 1 - columns;
    this.first = this.clamp(this.first);
  }

  protected x(c: number): number {
    return this.left + (c - this.first.c) * this.cell;
  }

  protected y(r: number): number {
    return this.top + (r - this.first.r) * this.cell;
  }

  protected font(size: number): string {
    return `${size}px ${getComputedStyle(document.body).fontFamily}`;
  }
}
