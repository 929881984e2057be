import { Data, time } from "./data";
import { HeatMap } from "./heatmap";
import { Layer, Paint } from "./layer";
import { letterOf, order, ramp } from "./letters";
import { Levels, Place } from "./levels";
import { fill, fillBlock, make } from "./panel";
import { announce, note, Route } from "./route";
import { Cell } from "./view";
import { ZoneLayer } from "./zones";

const darkly = matchMedia("(prefers-color-scheme: dark)");

// MapPart is the map with its bar, legend and panel.
export class MapPart {
  private readonly map: HeatMap;
  private readonly layers: Layer[];
  private readonly flow = document.getElementById("map-flow") as HTMLSelectElement;
  private readonly sum = document.getElementById("map-sum")!;
  private readonly panel = document.getElementById("pair")!;
  private readonly levels: Levels;
  private full!: Layer; // the layer of which all or a part is shown

  constructor(private readonly data: Data, private readonly root: HTMLElement) {
    root.hidden = false;
    this.map = new HeatMap(document.getElementById("map-canvas") as HTMLCanvasElement);
    this.map.isDark = darkly.matches;
    this.layers = data.matrices.map((m, i) => new Layer(m, i));
    this.levels = new Levels(data.zones, (place) => this.go(place));
    for (const layer of this.layers) {
      const text = layer.wrong ? ` (${layer.wrong.toLocaleString("en")} fail)` : layer.unseen ? " (not all observed)" : "";
      this.flow.append(make("option", layer.matrix.title + text, { value: layer.matrix.flow }));
    }
    const weight = (l: Layer): number => l.wrong * 1e7 + l.unseen * 10 + (l.matrix.flow.startsWith("pod>pod/tcp/") ? 1 : 0);
    this.show(this.layers.reduce((a, b) => (weight(b) > weight(a) ? b : a)));
    this.listen();
  }

  // open follows a link to a pair: in the layer it names, or the first where the pair fails.
  open(route: Route): void {
    const [from = "", to = ""] = (route["pair"] ?? "").split("~");
    const having = this.layers.filter((l) => l.find(from, to));
    const layer =
      having.find((l) => l.matrix.flow === route["flow"]) ??
      having.find((l) => letterOf(l.word(...l.find(from, to)!), false).wrong) ??
      having[0];
    if (!layer) {
      announce(`No pair ${from} → ${to} in this report`);
      return;
    }
    const zoned = this.levels.zoned(layer);
    if (zoned && this.levels.place !== "pairs") this.levels.place = zoned.placeOf(from, to);
    this.show(layer);
    const [r, c] = this.map.layer.find(from, to)!;
    this.choose({ r, c }, false);
    this.root.scrollIntoView();
  }

  forPrint(on: boolean): void {
    this.map.isDark = !on && darkly.matches;
    this.map.repaint();
  }

  private show(whole: Layer): void {
    this.full = whole;
    this.flow.value = whole.matrix.flow;
    const layer = this.levels.of(whole);
    const [r, c] = layer.firstWorst();
    this.map.chosen = { r, c };
    this.map.hovered = undefined;
    this.map.show(layer);
    this.tell();
    this.fillPanel();
    this.drawLegend();
  }

  private fillPanel(): void {
    const { layer, chosen } = this.map;
    if (layer instanceof ZoneLayer) fillBlock(this.panel, layer, chosen, () => this.enter(chosen));
    else fill(this.panel, this.data, layer, chosen);
  }

  // go shows another part of the layer, and says what it is.
  private go(place: Place): void {
    const came = this.levels.place;
    this.levels.place = place;
    this.show(this.full);
    const { layer } = this.map;
    if (typeof place === "object") {
      announce(`Opened zone ${place.from} → zone ${place.to}: ${layer.sum()}. Escape leads back to the zones.`);
    } else if (layer instanceof ZoneLayer) {
      const back = typeof came === "object" ? layer.find(came.from, came.to) : undefined;
      if (back) this.map.choose({ r: back[0], c: back[1] });
      this.fillPanel();
      announce(`The zones. ${layer.sentence(this.map.chosen.r, this.map.chosen.c)}`);
    } else {
      announce(`Every pair: ${layer.sum()}`);
    }
  }

  // enter opens a block where the cells are blocks, and chooses a pair otherwise.
  private enter(cell: Cell): void {
    const { layer } = this.map;
    if (!(layer instanceof ZoneLayer)) return this.choose(cell);
    this.go({ from: layer.from(cell.r), to: layer.to(cell.c) });
    this.map.canvas.focus({ preventScroll: true });
  }

  private tell(): void {
    const layer = this.map.layer;
    const at = this.map.hovered;
    this.sum.textContent = at ? layer.sentence(at.r, at.c) : layer.sum();
  }

  private choose(cell: Cell, noted = true): void {
    this.map.choose(cell);
    const layer = this.map.layer;
    const { r, c } = this.map.chosen;
    this.fillPanel();
    announce(layer.sentence(r, c));
    if (!noted || layer instanceof ZoneLayer) return;
    note({ pair: `${layer.from(r)}~${layer.to(c)}`, flow: layer.matrix.flow });
  }

  private drawLegend(): void {
    const legend = document.getElementById("map-legend")!;
    const layer = this.map.layer;
    const items: HTMLElement[] = [];
    const item = (back: string, ink: string, glyph: string, says: string): void => {
      const swatch = make("i", glyph, { "aria-hidden": "true" });
      swatch.style.background = back;
      swatch.style.color = ink;
      const entry = make("li");
      entry.append(swatch, says);
      items.push(entry);
    };
    if (this.map.paint === "rtt" && layer.rtt) {
      for (let i = 0; i <= 4; i++) {
        const step = Math.round(layer.fastest + ((layer.slowest - layer.fastest) * i) / 4);
        item(ramp(i / 4), "#000000", "", time(step));
      }
    }
    for (const word of order) {
      const measured = this.map.paint === "rtt" && layer.rtt && [".", "~", "n"].includes(word);
      if (!layer.letters.has(word) || measured) continue;
      const letter = letterOf(word, this.map.isDark);
      item(letter.back, letter.ink, letter.glyph, letter.says);
    }
    legend.replaceChildren(...items);
  }

  private listen(): void {
    const canvas = this.map.canvas;
    this.flow.addEventListener("change", () => {
      const layer = this.layers.find((l) => l.matrix.flow === this.flow.value);
      if (layer) this.show(layer);
    });
    for (const radio of this.root.querySelectorAll<HTMLInputElement>("input[name=paint]")) {
      radio.addEventListener("change", () => {
        this.map.paint = radio.value as Paint;
        this.map.repaint();
        this.drawLegend();
      });
    }
    const button = (id: string, act: () => void): void => document.getElementById(id)!.addEventListener("click", act);
    button("zoom-in", () => this.map.zoomBy(1.6));
    button("zoom-out", () => this.map.zoomBy(1 / 1.6));
    button("zoom-all", () => this.whole());
    document.getElementById("map-bar")!.addEventListener("submit", (e) => e.preventDefault());
    canvas.addEventListener("keydown", (e) => this.key(e));
    this.listenToPointer(canvas);
    darkly.addEventListener("change", () => {
      this.map.isDark = darkly.matches;
      this.map.repaint();
      this.drawLegend();
    });
    let width = canvas.clientWidth;
    new ResizeObserver(() => {
      if (canvas.clientWidth === width) return; // its height follows from drawing
      width = canvas.clientWidth;
      this.map.draw();
    }).observe(canvas);
  }

  private whole(): void {
    this.map.whole();
    this.map.draw();
  }

  private key(e: KeyboardEvent): void {
    const { r, c } = this.map.chosen;
    const moves: Record<string, () => void> = {
      ArrowUp: () => this.choose({ r: r - 1, c }),
      ArrowDown: () => this.choose({ r: r + 1, c }),
      ArrowLeft: () => this.choose({ r, c: c - 1 }),
      ArrowRight: () => this.choose({ r, c: c + 1 }),
      Home: () => this.choose({ r: 0, c: 0 }),
      Enter: () => this.enter({ r, c }),
      "+": () => this.map.zoomBy(1.6),
      "-": () => this.map.zoomBy(1 / 1.6),
      "0": () => this.whole(),
    };
    if (typeof this.levels.place === "object") moves["Escape"] = () => this.go("zones");
    const move = moves[e.key];
    if (!move || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    move();
  }

  // A press chooses a cell; a press that moves drags the map where it is zoomed.
  private listenToPointer(canvas: HTMLCanvasElement): void {
    let from: { x: number; y: number } | undefined;
    let dragged = false;
    canvas.addEventListener("pointerdown", (e) => {
      from = { x: e.offsetX, y: e.offsetY };
      dragged = false;
    });
    canvas.addEventListener("pointermove", (e) => {
      if (from && this.map.zoomed && (dragged || Math.hypot(e.offsetX - from.x, e.offsetY - from.y) > 4)) {
        this.map.pan((from.y - e.offsetY) / this.map.cellSize, (from.x - e.offsetX) / this.map.cellSize);
        from = { x: e.offsetX, y: e.offsetY };
        dragged = true;
        return;
      }
      const at = this.map.at(e.offsetX, e.offsetY);
      if (at?.r === this.map.hovered?.r && at?.c === this.map.hovered?.c) return;
      this.map.hovered = at;
      this.tell();
      this.map.draw();
    });
    canvas.addEventListener("pointerup", (e) => {
      const at = this.map.at(e.offsetX, e.offsetY);
      if (at && !dragged) this.enter(at);
      from = undefined;
    });
    canvas.addEventListener("pointerleave", () => {
      from = this.map.hovered = undefined;
      this.tell();
      this.map.draw();
    });
  }
}
