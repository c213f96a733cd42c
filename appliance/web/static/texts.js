// The page's words, in the candidate's language.

import { EN } from "./texts_en.js";
import { SV } from "./texts_sv.js";

const TEXTS = { en: EN, sv: SV };
const REMEMBERED = "hallvakt-language";

let language = localStorage.getItem(REMEMBERED) ?? firstLanguage();

function firstLanguage() {
  for (const wanted of navigator.languages ?? []) {
    const short = wanted.slice(0, 2).toLowerCase();
    if (short in TEXTS) return short;
  }
  return "en";
}

export function currentLanguage() {
  return language;
}

/** What the page itself can speak; the notice may be there in more (a file each, on the box). */
export function pageLanguages() {
  return Object.keys(TEXTS);
}

export function otherLanguage() {
  return language === "sv" ? "en" : "sv";
}

export function choose(wanted) {
  language = wanted;
  localStorage.setItem(REMEMBERED, wanted);
  translatePage();
}

export function hasText(key) {
  return key in TEXTS[language];
}

/** The sentence `key` names, its `{placeholders}` filled. */
export function text(key, values = {}) {
  const sentence = TEXTS[language][key];
  if (sentence === undefined) throw new Error(`no text ${key} in ${language}`);
  return sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** Put the right words into everything marked with `data-text`. */
export function translatePage() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = text(element.dataset.text);
  }
}
