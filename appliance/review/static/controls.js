/** The buttons below the picture, and the keys that do the same. */

import { element } from "./elements.js";
import { say } from "./words.js";

const RATES = [1, 2, 4, 8];

export function controls(player, { nextIncident, previousIncident }) {
  const play = button("", "wide-button", () => player.toggle());
  const sound = button("", "", () => player.setMuted(!player.muted));
  const rates = RATES.map((rate) => button(`${rate}×`, "", () => player.setRate(rate)));
  const update = () => {
    play.textContent = player.playing ? `❚❚ ${say("pause")}` : `▶ ${say("play")}`;
    sound.textContent = say(player.muted ? "unmute" : "mute");
    for (const [at, made] of rates.entries()) {
      made.setAttribute("aria-pressed", String(player.rate === RATES[at]));
    }
  };
  player.addEventListener("change", update);
  update();
  return element(
    "div",
    { class: "controls" },
    play,
    named("«", say("previous-snippet"), () => player.step(-1)),
    named("»", say("next-snippet"), () => player.step(1)),
    element("span", { class: "between" }),
    named("◀ !", say("previous-incident"), previousIncident),
    named("! ▶", say("next-incident"), nextIncident),
    element("span", { class: "between" }),
    element("div", { class: "segments", role: "group", "aria-label": say("speed") }, ...rates),
    sound,
  );
}

/** Listens until the function it returns is called. */
export function keys(player, { nextIncident, previousIncident, decide }) {
  const acts = {
    " ": () => player.toggle(),
    ArrowLeft: () => player.seek(player.second - 5),
    ArrowRight: () => player.seek(player.second + 5),
    "[": () => player.step(-1),
    "]": () => player.step(1),
    n: nextIncident,
    p: previousIncident,
    m: () => player.setMuted(!player.muted),
    d: decide,
  };
  for (const [at, rate] of RATES.entries()) acts[String(at + 1)] = () => player.setRate(rate);
  const listen = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || writes(event.target)) return;
    // On a button the space bar presses that button.
    if (event.key === " " && event.target instanceof HTMLButtonElement) return;
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}

function writes(target) {
  return target instanceof HTMLTextAreaElement
    || (target instanceof HTMLInputElement && target.type !== "range" && target.type !== "radio");
}

function button(label, className, click) {
  return element("button", { type: "button", class: className || null, click }, label);
}

function named(sign, name, click) {
  return element("button", { type: "button", title: name, "aria-label": name, click }, sign);
}
