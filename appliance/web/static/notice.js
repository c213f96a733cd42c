// The notice, generated from the exam's settings by the box: read, then acknowledged or refused.

import { call, sentence } from "./api.js";
import { busy, byId, say } from "./document.js";
import { currentLanguage, pageLanguages } from "./texts.js";

export class NoticeStep {
  #answered;
  #version = null;
  #language = null;
  #shown = null;
  #chosen = null; // one that the page itself does not speak

  /** `answered()` is called when the box has the answer. */
  constructor(answered) {
    this.#answered = answered;
    const acknowledge = byId("notice-acknowledge");
    acknowledge.addEventListener("click", () =>
      busy(acknowledge, () => this.#answer("acknowledged")),
    );
    byId("notice-refuse").addEventListener("click", () => this.#ask(true));
    byId("notice-refuse-back").addEventListener("click", () => this.#ask(false));
    const sure = byId("notice-refuse-sure");
    sure.addEventListener("click", () => busy(sure, () => this.#answer("refused")));
  }

  async enter() {
    // The page's button was used.
    if (this.#language !== currentLanguage()) this.#chosen = null;
    const language = this.#chosen ?? currentLanguage();
    if (this.#version !== null && this.#shown === language) return;
    try {
      const notice = await call("GET", `/attempts/me/notice?language=${language}`);
      this.#version = notice.version;
      this.#language = currentLanguage();
      this.#shown = language;
      this.#draw(notice);
      say(byId("notice-problem"), null);
    } catch (error) {
      say(byId("notice-problem"), () => sentence(error));
      setTimeout(() => this.enter(), 3_000);
    }
  }

  #draw({ title, language, languages, sections }) {
    byId("notice-title").textContent = title;
    const body = byId("notice-body");
    body.lang = language;
    body.replaceChildren(
      ...languages
        .filter((other) => other !== language && !pageLanguages().includes(other))
        .map((other) => this.#button(other)),
      ...sections.flatMap(({ heading, paragraphs }) => [
        element("h2", heading),
        ...paragraphs.map((paragraph) => element("p", paragraph)),
      ]),
    );
  }

  /** One more language of the notice, by its own name. */
  #button(language) {
    const made = element("button", ownName(language));
    made.type = "button";
    made.lang = language;
    made.addEventListener("click", () => {
      this.#chosen = language;
      this.enter();
    });
    return made;
  }

  #ask(open) {
    byId("notice-sure").hidden = !open;
    const target = open ? byId("notice-sure").querySelector("h2") : byId("notice-refuse");
    target.focus();
  }

  async #answer(answer) {
    if (this.#version === null) return;
    try {
      const json = { version: this.#version, answer };
      await call("POST", "/attempts/me/notice", { json });
    } catch (error) {
      say(byId("notice-problem"), () => sentence(error));
      return;
    }
    await this.#answered();
  }
}

function ownName(language) {
  return new Intl.DisplayNames([language], { type: "language" }).of(language) ?? language;
}

function element(name, content) {
  const made = document.createElement(name);
  made.textContent = content;
  return made;
}
