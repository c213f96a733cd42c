/** The attempt drawn as a line: where there is video, where something was noticed, where we are. */

import { drawn, element } from "./elements.js";
import { clock, say, time } from "./words.js";

const WIDTH = 1000;
const BAND = { y: 34, height: 22 };

export class Timeline {
  constructor(track, marks, player, look) {
    this.track = track;
    const scale = (second) => (second / (track.length || 1)) * WIDTH;
    this.head = drawn("line", { class: "head", y1: 4, y2: BAND.y + BAND.height + 6 });
    this.now = element("output", { class: "now" });
    const picture = drawn(
      "svg",
      { viewBox: `0 0 ${WIDTH} 84`, preserveAspectRatio: "none", class: "track", "aria-hidden": "true" },
      drawn("rect", { class: "gap", x: 0, y: BAND.y, width: WIDTH, height: BAND.height }),
      ...track.pieces.map((piece) =>
        drawn("rect", {
          class: piece.late ? "piece late" : "piece",
          x: scale(piece.from),
          y: BAND.y,
          width: Math.max(1, scale(piece.length) - 0.6),
          height: BAND.height,
        }),
      ),
      ...marks.map((mark) =>
        drawn("rect", {
          class: `mark ${mark.incident.strength} ${mark.incident.decision ?? "undecided"}`,
          x: scale(mark.from),
          y: BAND.y,
          width: Math.max(4, scale(mark.length)),
          height: BAND.height,
        }),
      ),
      this.head,
    );
    picture.addEventListener("click", (event) => {
      const box = picture.getBoundingClientRect();
      player.seek(((event.clientX - box.left) / box.width) * track.length);
    });
    // Buttons over the drawing, so that they keep their size and can be reached with the keyboard.
    const pins = marks.map((mark, number) => {
      const pin = element(
        "button",
        {
          type: "button",
          class: `pin ${mark.incident.strength} ${mark.incident.decision ?? "undecided"}`,
          disabled: mark.look == null,
          title: `${time(mark.incident.opened_ms)} ${mark.incident.kinds.map((k) => say(k)).join(", ")}`,
          click: () => look(number),
        },
        String(number + 1),
      );
      pin.style.left = `${(scale(mark.from) / WIDTH) * 100}%`;
      return pin;
    });
    const slider = element("input", {
      type: "range",
      class: "slider",
      min: 0,
      max: Math.max(1, Math.round(track.length)),
      step: 1,
      "aria-label": say("timeline"),
      input: () => player.seek(Number(slider.value)),
    });
    this.slider = slider;
    this.element = element(
      "div",
      { class: "timeline", role: "group", "aria-label": say("timeline") },
      element("div", { class: "drawing" }, ...pins, picture, slider),
      element(
        "div",
        { class: "scale" },
        element("span", {}, time(track.origin)),
        this.now,
        element("span", {}, time(track.origin + track.length * 1000)),
      ),
    );
    this.scale = scale;
    player.addEventListener("change", () => this.move(player.second));
  }

  move(second) {
    const x = this.scale(second);
    this.head.setAttribute("x1", x);
    this.head.setAttribute("x2", x);
    this.slider.value = String(Math.round(second));
    const at = time(this.track.origin + second * 1000);
    this.slider.setAttribute("aria-valuetext", at);
    this.now.textContent = `${at} · ${clock(second)} / ${clock(this.track.length)}`;
  }
}
