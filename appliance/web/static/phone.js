// The candidate's phone as the camera, where the computer has none: a picture to scan. The phone takes
// over the page; this one is told by the box and says so.

import { call, sentence } from "./api.js";
import { rememberedCodes } from "./join.js";
import { busy, byId, say } from "./document.js";
import { text } from "./texts.js";

export class PhoneCamera {
  constructor() {
    const ask = byId("phone-ask");
    ask.addEventListener("click", () => busy(ask, () => this.#show()));
  }

  /** Offer it where the box says that phones can be used; quietly nothing otherwise. */
  async offer() {
    const answer = await call("GET", "/attempts/me/phone").catch(() => null);
    byId("phone").hidden = !answer?.available;
  }

  hide() {
    byId("phone").hidden = byId("phone-shown").hidden = true;
    byId("phone-code").removeAttribute("src");
  }

  async #show() {
    try {
      const { seat } = await rememberedCodes();
      const { qr } = await call("POST", "/attempts/me/phone", { json: { seat_code: seat } });
      byId("phone-code").src = qr;
      byId("phone-code").alt = text("phone.alt");
      byId("phone-shown").hidden = false;
      say(byId("phone-problem"), null);
    } catch (error) {
      say(byId("phone-problem"), () => sentence(error));
    }
  }
}
