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

const living = new Map(); // element -> what says its sentence in the language of now

/** Write a sentence into an element; without one the element goes away. `words` is the sentence,
 * or what makes it: that is asked again when the language changes. */
export function say(element, words) {
  const sentence = spoken(element, words);
  element.textContent = sentence ?? "";
  element.hidden = !sentence;
}

/** `say` for what is looked at again and again: what stands there already is not read out anew. */
export function keepSaying(element, words) {
  const sentence = spoken(element, words) || "";
  if (element.textContent !== sentence || element.hidden !== !sentence) say(element, words);
}

function spoken(element, words) {
  const makes = typeof words === "function";
  if (makes) living.set(element, words);
  else living.delete(element);
  return makes ? words() : words;
}

/** The language has changed. */
export function sayAgain() {
  for (const [element, words] of living) element.textContent = words();
}

/** Say something once to a screen reader, without moving anything on the screen. */
export function announce(sentence) {
  byId("announcer").textContent = sentence;
}

/** Set the text of an element only when it changes: live regions stay quiet otherwise. */
export function put(element, words) {
  const sentence = spoken(element, words);
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
