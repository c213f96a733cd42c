/** The viewer's name and the time all over a picture: whoever photographs the screen is on it. */

import { drawn, element } from "./elements.js";

let patterns = 0;

/** A box with `pictures` under the viewer's name, as large as `scale` says: once at least it is to
 * stand whole over the smallest of them. The box has no menu: "Save video as" would write to the
 * disk what nothing else does, and without the name. */
export function marked(name, viewer, pictures, scale = 1) {
  return element(
    "div",
    { class: `marked ${name}`, contextmenu: (event) => event.preventDefault() },
    ...pictures,
    watermark(viewer, scale),
  );
}

function watermark(viewer, scale) {
  const when = new Date().toLocaleString("sv-SE").slice(0, 16);
  const text = `${viewer} · ${when}`;
  const width = 70 + text.length * 10;
  const id = `mark-${(patterns += 1)}`; // of its own: one may be taken out of the page
  const line = (x, y) => drawn("text", { x, y }, text);
  const pattern = drawn(
    "pattern",
    {
      id,
      width,
      height: 110,
      patternUnits: "userSpaceOnUse",
      patternTransform: `rotate(-24) scale(${scale})`,
    },
    line(10, 40),
    line(10 + width / 2, 95),
    line(10 - width / 2, 95), // the rest of the one before, which the tile cuts
  );
  return drawn(
    "svg",
    { class: "watermark", "aria-hidden": "true" },
    drawn("defs", {}, pattern),
    drawn("rect", { width: "100%", height: "100%", fill: `url(#${id})` }),
  );
}
