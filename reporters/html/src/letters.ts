// What each letter of a cell means, and how it looks. The colours are those of
// Okabe and Ito, which people with a colour vision deficiency can tell apart;
// the glyph says the same again.

export interface Letter {
  glyph: string;
  says: string;
  wrong: boolean;
  back: string;
  ink: string;
}

const faults: Record<string, Letter> = {
  T: { glyph: "T", says: "timed out", wrong: true, back: "#d55e00", ink: "#000000" },
  R: { glyph: "R", says: "refused", wrong: true, back: "#e69f00", ink: "#000000" },
  U: { glyph: "U", says: "unreachable", wrong: true, back: "#cc79a7", ink: "#000000" },
  X: { glyph: "X", says: "connection cut", wrong: true, back: "#882255", ink: "#ffffff" },
  B: { glyph: "B", says: "packet too big", wrong: true, back: "#0072b2", ink: "#ffffff" },
  G: { glyph: "G", says: "garbled answer", wrong: true, back: "#009e73", ink: "#000000" },
  p: { glyph: "p", says: "answered in part", wrong: true, back: "#f0e442", ink: "#000000" },
  "~": { glyph: "~", says: "right, after a retry", wrong: false, back: "#56b4e9", ink: "#000000" },
};

const light: Record<string, Letter> = {
  ".": { glyph: "·", says: "right", wrong: false, back: "#dde6ee", ink: "#4a5560" },
  n: { glyph: "n", says: "source address rewritten", wrong: false, back: "#b4c9dd", ink: "#000000" },
  "?": { glyph: "?", says: "not observed", wrong: false, back: "#8f969d", ink: "#000000" },
};

const dark: Record<string, Letter> = {
  ".": { glyph: "·", says: "right", wrong: false, back: "#27323c", ink: "#a9b1ba" },
  n: { glyph: "n", says: "source address rewritten", wrong: false, back: "#3f566c", ink: "#ffffff" },
  "?": { glyph: "?", says: "not observed", wrong: false, back: "#767d85", ink: "#000000" },
};

export const order = [".", "~", "n", "p", "T", "R", "U", "X", "B", "G", "?"];

export function letterOf(word: string, isDark: boolean): Letter {
  const quiet = isDark ? dark : light;
  return faults[word] ?? quiet[word] ?? quiet["?"]!;
}

const worst = "TRUXGBp?~n.";

// worse is the one of two letters that a reader has to see.
export function worse(a: string, b: string): string {
  return worst.indexOf(b) < worst.indexOf(a) ? b : a;
}

// ramp is cividis, made to look the same with and without a colour vision deficiency.
const stops = ["#00204d", "#31446b", "#666970", "#958f78", "#cbba69", "#ffea46"];

export function ramp(share: number): string {
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const i = Math.min(Math.floor(at), stops.length - 2);
  const mix = (k: number): string => {
    const a = parseInt(stops[i]!.slice(k, k + 2), 16);
    const b = parseInt(stops[i + 1]!.slice(k, k + 2), 16);
    return Math.round(a + (b - a) * (at - i)).toString(16).padStart(2, "0");
  };
  return `#${mix(1)}${mix(3)}${mix(5)}`;
}
