// The face photo: taken, shown, looked at by the box, taken again when its hints say so.

import { call, Problem, sentence } from "./api.js";
import { busy, byId } from "./document.js";
import { settledWithin } from "./patience.js";
import { hasText, text } from "./texts.js";

const JPEG_QUALITY = 0.92;
const ENOUGH_TRIES = 3;
const PATIENCE_MS = 5_000; // the first picture of a slow camera comes sooner

export class PortraitStep {
  #camera;
  #accepted;
  #skip;
  #tries = 0;
  #shown = false;
  #said = () => [];

  /** `accepted()` after a good photo, `skip()` when the candidate goes on without one. */
  constructor(camera, accepted, skip) {
    this.#camera = camera;
    this.#accepted = accepted;
    this.#skip = skip;
    const take = byId("portrait-take");
    take.addEventListener("click", () => busy(take, () => this.#pressed()));
    byId("portrait-skip").addEventListener("click", () => this.#skip());
  }

  enter() {
    byId("portrait-picture").setAttribute("aria-label", text("devices.picture"));
    byId("portrait-photo").setAttribute("aria-label", text("portrait.photo"));
    byId("portrait-take").textContent = text(this.#shown ? "portrait.again" : "portrait.take");
    this.#say(this.#said, byId("portrait-said").className);
    if (byId("portrait-picture").srcObject === null) {
      byId("portrait-picture").srcObject = this.#camera.stream;
    }
  }

  leave() {
    byId("portrait-picture").srcObject = null;
    const canvas = byId("portrait-photo");
    canvas.width = canvas.height = 0; // the photo does not stay in the page
  }

  async #pressed() {
    if (this.#shown) {
      this.#showPhoto(false);
      this.#say(() => []);
      return;
    }
    const video = byId("portrait-picture");
    if (video.readyState < video.HAVE_CURRENT_DATA) {
      await this.#waitFor(video);
      return;
    }
    const jpeg = await this.#takePhoto(video);
    this.#showPhoto(true);
    this.#say(() => [text("portrait.checking")], "progress");
    try {
      const answer = await call("PUT", "/attempts/me/portrait", {
        body: jpeg,
        headers: { "Content-Type": "image/jpeg" },
      });
      if (answer.accepted) {
        this.#say(() => [text("portrait.good")], "progress");
        await this.#accepted();
        return;
      }
      this.#notGood(() => inWords(answer));
    } catch (error) {
      if (!(error instanceof Problem)) this.#tries -= 1; // no answer is not a bad photo
      this.#notGood(() => [sentence(error)]);
    }
  }

  /** Nobody is photographed before they see themselves: the next press is theirs. */
  async #waitFor(video) {
    this.#say(() => [text("portrait.waiting")], "progress");
    const came = new Promise((resolve) => {
      video.addEventListener("loadeddata", resolve, { once: true });
    }).then(() => this.#say(() => []));
    if (await settledWithin(came, PATIENCE_MS)) return;
    if (video.srcObject) this.#notGood(() => [text("trouble.muted")]);
  }

  #notGood(sentences) {
    this.#tries += 1;
    const enough = this.#tries >= ENOUGH_TRIES;
    byId("portrait-skip").hidden = !enough;
    this.#say(() => (enough ? [...sentences(), text("portrait.no_luck")] : sentences()));
  }

  #takePhoto(video) {
    const canvas = byId("portrait-photo");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
  }

  #showPhoto(shown) {
    this.#shown = shown;
    byId("portrait-photo").hidden = !shown;
    byId("portrait-picture").hidden = shown;
    byId("portrait-take").textContent = text(shown ? "portrait.again" : "portrait.take");
  }

  /** `made` makes the sentences; `kind` is `inset` for advice, `progress` for what goes on. */
  #say(made, kind = "inset") {
    this.#said = made;
    const said = byId("portrait-said");
    const sentences = made();
    said.className = sentences.length ? kind : "";
    said.replaceChildren(
      ...sentences.map((each) => {
        const paragraph = document.createElement("p");
        paragraph.textContent = each;
        return paragraph;
      }),
    );
  }
}

/** The box's hints in the page's language, or the box's own sentences for ones not known here. */
function inWords({ hints, sentences }) {
  return hints.map((hint, index) =>
    hasText(`hint.${hint}`) ? text(`hint.${hint}`) : (sentences[index] ?? ""),
  );
}
