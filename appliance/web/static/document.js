// The few things every step does to the document.

import { text } from "./texts.js";

export const byId = (id) => document.getElementById(id);

/** Show one step and hide the others; the heading takes the focus, so that a screen reader
 * reads on from there and the keyboard is where the eye is. */
export function show(step) {
  for (const section of document.querySelectorAll("[data-step]")) {
    section.hidden = section.dataset.step !== step;
  }
  const shown = document.querySelector(`[data-step="${step}"]`);
  if (document.body.dataset.shown !== step) {
    document.body.dataset.shown = step;
    shown.querySelector("h1")?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  return shown;
}

/** Write a sentence into an element; without one the element goes away. */
export function say(element, sentence) {
  element.textContent = sentence ?? "";
  element.hidden = !sentence;
}

/** Say something once to a screen reader, without moving anything on the screen. */
export function announce(sentence) {
  byId("announcer").textContent = sentence;
}

/** Set the text of an element only when it changes: live regions stay quiet otherwise. */
export function put(element, sentence) {
  if (element.textContent !== sentence) element.textContent = sentence;
}

/** Run `work` with the button switched off, so that a second press does nothing. */
export async function busy(button, work) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  try {
    await work();
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

/** `1:05:09` or `05:09`. */
export function clockTime(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((n) => String(n).padStart(2, "0"));
  const hours = Math.floor(seconds / 3600);
  return (hours ? [hours, ...parts] : parts).join(":");
}

/** "1 part" or "3 parts". */
export function counted(one, many, count) {
  return count === 1 ? text(one) : text(many, { count });
}
