/** Makes elements from plain text only: nothing of an archive is ever parsed as HTML. */

/** `element("p", {class: "quiet"}, "text", child, null)`; null children are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

export function show(path, ...children) {
  document.getElementById("path").replaceChildren(
    ...path.map((part) => element("li", {}, part)),
  );
  document.getElementById("main").replaceChildren(...children);
}

export function time(at_ms) {
  return at_ms == null ? "unknown time" : new Date(at_ms).toLocaleTimeString("sv-SE");
}

export function day(at_ms) {
  return at_ms == null ? "unknown day" : new Date(at_ms).toLocaleDateString("sv-SE");
}

/** `several_faces` as people write it. */
export function words(name) {
  return String(name ?? "").replaceAll("_", " ");
}
