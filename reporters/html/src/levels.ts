import { Layer } from "./layer";
import { ZoneLayer } from "./zones";

// Place is what of a layer is shown: its zones, every pair, or the pairs from one
// zone to another.
export type Place = "zones" | "pairs" | { from: string; to: string };

// Levels says which part of a layer is shown, and works the buttons for it.
export class Levels {
  place: Place = "zones";
  private readonly made = new Map<Layer, ZoneLayer | undefined>();
  private readonly zonesButton = document.getElementById("zones-all") as HTMLButtonElement | null;
  private readonly pairsButton = document.getElementById("zones-none") as HTMLButtonElement | null;

  constructor(private readonly zones: Record<string, string> | undefined, go: (place: Place) => void) {
    this.zonesButton?.addEventListener("click", () => go("zones"));
    this.pairsButton?.addEventListener("click", () => go("pairs"));
  }

  // zoned gives the zones of a layer, where it has a view of them.
  zoned(layer: Layer): ZoneLayer | undefined {
    if (this.zones && !this.made.has(layer)) this.made.set(layer, ZoneLayer.of(layer, this.zones));
    return this.made.get(layer);
  }

  // of gives what is shown of a layer, and says so in the bar.
  of(layer: Layer): Layer {
    const zoned = this.zoned(layer);
    const { place } = this;
    const inside = zoned && typeof place === "object" && zoned.find(place.from, place.to);
    this.tell(zoned, inside ? `zone ${place.from} → zone ${place.to}` : "");
    if (!zoned || place === "pairs") return layer;
    return inside ? zoned.opened(place.from, place.to) : zoned;
  }

  private tell(zoned: ZoneLayer | undefined, inside: string): void {
    for (const [button, on] of [[this.zonesButton, this.place !== "pairs" && !inside], [this.pairsButton, this.place === "pairs"]] as const) {
      if (!button) continue;
      button.disabled = !zoned;
      button.setAttribute("aria-pressed", String(Boolean(zoned) && on));
    }
    const at = document.getElementById("zones-at");
    if (at) at.textContent = inside;
  }
}
