// Deep links: #check=ID, #pair=FROM~TO&flow=KEY, #view=NAME, #node=NAME.

export type Route = Record<string, string>;

export function parse(hash: string): Route {
  const route: Route = {};
  for (const part of hash.replace(/^#/, "").split("&")) {
    const at = part.indexOf("=");
    if (at > 0) route[part.slice(0, at)] = decode(part.slice(at + 1));
  }
  return route;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % in a link that was typed
  }
}

export function hashOf(route: Route): string {
  const keep = (text: string): string => encodeURIComponent(text).replaceAll("%2F", "/").replaceAll("%3E", ">");
  return "#" + Object.entries(route).map(([name, value]) => `${name}=${keep(value)}`).join("&");
}

// note puts a link to what is shown into the address bar, without a step in the history.
export function note(route: Route): void {
  try {
    history.replaceState(null, "", hashOf(route));
  } catch {
    // some readers show the file in a frame where that is forbidden; nothing is lost
  }
}

// announce tells a screen reader.
export function announce(text: string): void {
  const region = document.getElementById("announce");
  if (region) region.textContent = text;
}
