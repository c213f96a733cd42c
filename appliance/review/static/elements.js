/** Makes elements from plain text only: nothing of an archive is ever parsed as HTML. */

const SVG = "http://www.w3.org/2000/svg";

/** `element("p", {class: "quiet"}, "text", child, null)`; null children are left out. */
export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function drawn(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

export function show(path, ...children) {
  document.getElementById("path").replaceChildren(
    ...path.map((part) => element("li", {}, part)),
  );
  document.getElementById("main").replaceChildren(...children.filter((child) => child != null));
}

export function failure(message) {
  return element("p", { role: "alert", class: "error" }, message);
}

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}
