import { Layer, Paint } from "./layer";
import { letterOf } from "./letters";
import { bars, Cell, labelled, View } from "./view";

const noted = 40; // a cell of so many pixels has room for a number below its glyph

// HeatMap draws a layer on a canvas. It knows nothing of the page around it.
export class HeatMap extends View {
  paint: Paint = "outcome";
  hovered: Cell | undefined;
  isDark = false;
  private picture!: HTMLCanvasElement;

  show(layer: Layer): void {
    this.layer = layer;
    this.labels = { rows: this.names(layer.matrix.rows), columns: this.names(layer.matrix.columns) };
    this.whole();
    this.repaint();
  }

  repaint(): void {
    this.picture = this.layer.picture(this.paint, this.isDark);
    this.draw();
  }

  // zoomBy keeps the chosen cell in sight.
  zoomBy(factor: number): void {
    this.measure();
    const fit = this.cell / this.zoom;
    this.zoom = Math.min(Math.max(this.zoom * factor, 1), Math.max(28 / fit, 1));
    this.measure();
    this.reveal(true);
    this.draw();
  }

  choose(cell: Cell): void {
    this.chosen = {
      r: Math.min(Math.max(cell.r, 0), this.layer.rows - 1),
      c: Math.min(Math.max(cell.c, 0), this.layer.columns - 1),
    };
    this.measure();
    this.reveal(false);
    this.draw();
  }

  pan(dr: number, dc: number): void {
    this.first = this.clamp({ r: this.first.r + dr, c: this.first.c + dc });
    this.draw();
  }

  draw(): void {
    performance.mark("draw-begins");
    this.measure();
    const scale = window.devicePixelRatio || 1;
    const width = this.canvas.clientWidth;
    const height = this.top + this.high() + bars;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    const pen = this.canvas.getContext("2d")!;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    this.drawCells(pen);
    if (this.cell >= labelled) this.drawLabels(pen);
    else this.drawAxes(pen);
    this.drawSums(pen);
    this.frame(pen, this.chosen, 2);
    if (this.hovered) this.frame(pen, this.hovered, 1);
    performance.measure("plumbline draws the map", "draw-begins");
  }

  private ink(soft: boolean): string {
    const [light, dark] = soft ? ["#525a63", "#a9b1ba"] : ["#16191d", "#e7e9ec"];
    return this.isDark ? dark! : light!;
  }

  private drawCells(pen: CanvasRenderingContext2D): void {
    const [w, h] = [this.wide(), this.high()];
    pen.imageSmoothingEnabled = this.cell < 1; // several cells a pixel: a mean, never a cell dropped
    pen.drawImage(this.picture, this.first.c, this.first.r, w / this.cell, h / this.cell, this.left, this.top, w, h);
    pen.save();
    pen.beginPath();
    pen.rect(this.left, this.top, w, h);
    pen.clip();
    if (this.cell >= 7) this.drawGrid(pen);
    if (this.cell < 4 && this.layer.wrong <= 2000) this.drawLonely(pen);
    if (this.cell >= labelled) this.drawGlyphs(pen);
    pen.restore();
  }

  private eachVisible(visit: (r: number, c: number) => void): void {
    const lastRow = Math.min(this.layer.rows, Math.ceil(this.first.r + this.high() / this.cell));
    const lastColumn = Math.min(this.layer.columns, Math.ceil(this.first.c + this.wide() / this.cell));
    for (let r = Math.floor(this.first.r); r < lastRow; r++) {
      for (let c = Math.floor(this.first.c); c < lastColumn; c++) visit(r, c);
    }
  }

  private drawGrid(pen: CanvasRenderingContext2D): void {
    pen.strokeStyle = this.isDark ? "#121417" : "#ffffff";
    pen.lineWidth = this.cell >= 20 ? 2 : 1;
    pen.beginPath();
    for (let c = Math.ceil(this.first.c); c <= this.layer.columns; c++) {
      pen.moveTo(this.x(c), this.top);
      pen.lineTo(this.x(c), this.top + this.high());
    }
    for (let r = Math.ceil(this.first.r); r <= this.layer.rows; r++) {
      pen.moveTo(this.left, this.y(r));
      pen.lineTo(this.left + this.wide(), this.y(r));
    }
    pen.stroke();
  }

  // drawLonely makes single failing cells large enough to be seen among thousands.
  private drawLonely(pen: CanvasRenderingContext2D): void {
    this.eachVisible((r, c) => {
      const letter = letterOf(this.layer.word(r, c), this.isDark);
      if (!letter.wrong) return;
      pen.fillStyle = letter.back;
      pen.fillRect(this.x(c) + this.cell / 2 - 2, this.y(r) + this.cell / 2 - 2, 4, 4);
    });
  }

  private drawGlyphs(pen: CanvasRenderingContext2D): void {
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.font = `650 ${Math.min(Math.round(this.cell * 0.52), 15)}px ui-monospace, Menlo, Consolas, monospace`;
    this.eachVisible((r, c) => {
      const word = this.layer.word(r, c);
      if (word === "." && this.paint === "rtt") return;
      const letter = letterOf(word, this.isDark);
      const onRamp = this.paint === "rtt" && this.layer.step(r, c) > 0;
      pen.fillStyle = onRamp ? "#ffffff" : letter.ink;
      const note = this.cell >= noted ? this.layer.note(r, c) : "";
      const [x, y] = [this.x(c) + this.cell / 2, this.y(r) + this.cell / 2 + 1];
      pen.fillText(letter.glyph, x, note ? y - 8 : y);
      if (!note) return;
      pen.save();
      pen.font = this.font(11);
      pen.fillText(note, x, y + 10, this.cell - 4);
      pen.restore();
    });
  }

  private drawLabels(pen: CanvasRenderingContext2D): void {
    pen.font = this.font(12);
    pen.fillStyle = this.ink(false);
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    const lastRow = Math.min(this.layer.rows, Math.floor(this.first.r + this.high() / this.cell + 0.01));
    for (let r = Math.ceil(this.first.r); r < lastRow; r++) {
      pen.fillText(this.labels.rows[this.layer.matrix.rowOrder[r]!] ?? "", this.left - 7, this.y(r) + this.cell / 2);
    }
    pen.textAlign = "left";
    const lastColumn = Math.min(this.layer.columns, Math.floor(this.first.c + this.wide() / this.cell + 0.01));
    for (let c = Math.ceil(this.first.c); c < lastColumn; c++) {
      pen.save();
      pen.translate(this.x(c) + this.cell / 2, this.top - 8);
      pen.rotate(-Math.PI / 4);
      pen.fillText(this.labels.columns[this.layer.matrix.columnOrder[c]!] ?? "", 0, 0);
      pen.restore();
    }
  }

  private drawAxes(pen: CanvasRenderingContext2D): void {
    pen.font = this.font(12);
    pen.fillStyle = this.ink(true);
    pen.textBaseline = "alphabetic";
    pen.textAlign = "left";
    pen.fillText(`to: ${this.layer.columns} columns →`, this.left, this.top - 7);
    pen.save();
    pen.translate(this.left - 8, this.top);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "right";
    pen.fillText(`← from: ${this.layer.rows} rows`, 0, 0);
    pen.restore();
  }

  // drawSums draws a bar for each row and column: the share of it that fails.
  private drawSums(pen: CanvasRenderingContext2D): void {
    const room = bars - 30;
    const [right, bottom] = [this.left + this.wide() + 5, this.top + this.high() + 5];
    const thick = this.cell >= 7 ? Math.min(this.cell - 2, 10) : Math.ceil(this.cell);
    pen.font = this.font(11);
    pen.textBaseline = "middle";
    const bar = (share: number, x: number, y: number, w: number, h: number): void => {
      if (share === 0) return;
      pen.fillStyle = this.ink(true);
      pen.fillRect(x, y, w, h);
    };
    for (let r = Math.max(Math.floor(this.first.r), 0); r < this.layer.rows && this.y(r) < this.top + this.high() - 0.1; r++) {
      const share = this.layer.rowShare(r);
      bar(share, right, this.y(r) + (this.cell - thick) / 2, Math.max(share * room, 1), thick);
      if (this.cell < labelled || share === 0) continue;
      pen.fillStyle = this.ink(false);
      pen.textAlign = "left";
      pen.fillText(this.layer.rowWrong[r]!.toLocaleString("en"), right + share * room + 5, this.y(r) + this.cell / 2);
    }
    for (let c = Math.max(Math.floor(this.first.c), 0); c < this.layer.columns && this.x(c) < this.left + this.wide() - 0.1; c++) {
      const share = this.layer.columnShare(c);
      bar(share, this.x(c) + (this.cell - thick) / 2, bottom, thick, Math.max(share * room, 1));
      if (this.cell < labelled || share === 0) continue;
      pen.fillStyle = this.ink(false);
      pen.textAlign = "center";
      pen.fillText(this.layer.columnWrong[c]!.toLocaleString("en"), this.x(c) + this.cell / 2, bottom + share * room + 10);
    }
  }

  private frame(pen: CanvasRenderingContext2D, cell: Cell, width: number): void {
    const [x, y, size] = [this.x(cell.c), this.y(cell.r), Math.max(this.cell, 5)];
    if (x < this.left - 1 || y < this.top - 1 || x > this.left + this.wide() || y > this.top + this.high()) return;
    pen.strokeStyle = this.ink(false);
    pen.lineWidth = width;
    pen.strokeRect(x + (this.cell - size) / 2, y + (this.cell - size) / 2, size, size);
  }
}
