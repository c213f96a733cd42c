/** The page's language: what the reviewer chose, else the browser's. */

import { TEXTS as english } from "./texts_en.js";
import { TEXTS as swedish } from "./texts_sv.js";

const KEPT = "hallvakt-review-language";
const catalogues = { en: english, sv: swedish };

export function language() {
  const asked = localStorage.getItem(KEPT) ?? navigator.language.slice(0, 2);
  return asked in catalogues ? asked : "en";
}

export function changeLanguage() {
  localStorage.setItem(KEPT, language() === "sv" ? "en" : "sv");
}

/** `say("minutes", {count: 5})`; a name that has no text is shown as people would write it. */
export function say(name, values = {}) {
  const text = catalogues[language()][name] ?? String(name).replaceAll("_", " ");
  return text.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

export function time(at_ms) {
  return at_ms == null ? "–" : new Date(at_ms).toLocaleTimeString("sv-SE");
}

export function day(at_ms) {
  return at_ms == null ? "–" : new Date(at_ms).toLocaleDateString("sv-SE");
}

/** 75 -> "1:15". */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = String(Math.floor(whole / 60) % 60);
  const rest = String(whole % 60).padStart(2, "0");
  return whole < 3600
    ? `${minutes}:${rest}`
    : `${Math.floor(whole / 3600)}:${minutes.padStart(2, "0")}:${rest}`;
}
