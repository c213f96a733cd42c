// After the hand-in: what was noted, where the school shows it, a remark for the reviewer, and
// leaving the computer, so that the next person finds nothing here.

import { call, Problem, sentence } from "./api.js";
import { busy, byId, put, show } from "./document.js";
import { currentLanguage, text } from "./texts.js";

const LEAVES_BY_ITSELF_MS = 15 * 60_000;

export class AfterwardsStep {
  #timer = null;
  #sent = false;

  constructor() {
    const form = byId("remark-form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      busy(form.querySelector("button"), () => this.#send());
    });
    form.addEventListener("input", () => this.#stay());
    const leave = byId("leave");
    leave.addEventListener("click", () => busy(leave, () => this.#leave()));
  }

  /** Ask the box what there is; without an answer the page just says that all is done. */
  async enter() {
    let found;
    try {
      found = await call("GET", `/attempts/me/afterwards?language=${currentLanguage()}`);
    } catch (error) {
      if (!(error instanceof Problem && error.status === 401)) console.warn("afterwards", error);
      return;
    }
    this.#drawFlags(found.flags);
    byId("remark-form").hidden = !found.open;
    byId("afterwards").hidden = false;
    if (found.remark && !this.#sent) put(byId("remark-said"), () => text("remark.there"));
    this.#stay();
  }

  #stay() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#leave(), LEAVES_BY_ITSELF_MS);
  }

  #drawFlags(flags) {
    byId("flags").hidden = flags === null;
    if (flags === null) return;
    const lead = flags.length ? text("flags.lead") : text("flags.none");
    put(byId("flags-lead"), lead);
    byId("flags-list").replaceChildren(...flags.map(flagItem));
  }

  async #send() {
    const said = byId("remark-said");
    const words = byId("remark").value.trim();
    if (!words) {
      put(said, () => text("remark.empty"));
      byId("remark").focus();
      return;
    }
    try {
      await call("POST", "/attempts/me/remark", { json: { text: words } });
    } catch (error) {
      put(said, () => sentence(error));
      return;
    }
    this.#sent = true;
    byId("remark").value = "";
    put(said, () => text("remark.sent"));
  }

  async #leave() {
    clearTimeout(this.#timer);
    await call("POST", "/attempts/me/leave", { json: {} }).catch(() => null);
    byId("flags-list").replaceChildren();
    byId("remark").value = "";
    byId("exam-title").textContent = "Hallvakt";
    byId("seat").hidden = true;
    document.title = "Hallvakt";
    // Safe Exam Browser ends at this address instead of opening it.
    byId("quit").hidden = !/\bSEB\b/.test(navigator.userAgent);
    show("left");
  }
}

function flagItem({ at_ms: at, text: words, looked }) {
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.dateTime = new Date(at).toISOString();
  time.textContent = new Date(at).toLocaleTimeString(currentLanguage(), {
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  });
  const judged = document.createElement("span");
  judged.className = "hint";
  judged.textContent = text(`flags.${looked}`);
  item.append(time, " ", words, document.createElement("br"), judged);
  return item;
}
