/** Plays snippets one after the other: while one plays, the next is already loaded in a second
 * video element, so that the picture does not stop between them. */

import { objectAddress } from "./api.js";
import { element } from "./elements.js";

export class Player {
  constructor(exam, attempt, snippets, onChange) {
    this.address = (sequence) => objectAddress(exam, attempt, "snippets", sequence);
    this.sequences = snippets.map((snippet) => snippet.sequence);
    this.onChange = onChange;
    this.videos = [this.#video(), this.#video()];
    this.front = 0;
    this.at = -1;
    this.element = element("div", { class: "player" }, ...this.videos);
    this.#bring(0);
  }

  /** Show number `sequence`, from `atS` seconds; `play` to start at once. */
  async open(sequence, atS = 0, play = true) {
    const at = this.sequences.indexOf(sequence);
    if (at < 0) return;
    const video = this.videos[this.front];
    this.#load(video, at);
    this.at = at;
    this.onChange(sequence);
    this.#loadNext();
    if (atS > 0) {
      await new Promise((done) => video.addEventListener("loadedmetadata", done, { once: true }));
      video.currentTime = atS;
    }
    if (play) await video.play();
  }

  #video() {
    const video = element("video", { controls: true, preload: "auto", playsinline: true });
    video.addEventListener("ended", () => video === this.videos[this.front] && this.#next());
    return video;
  }

  async #next() {
    if (this.at + 1 >= this.sequences.length) return;
    this.at += 1;
    this.#bring(1 - this.front);
    this.onChange(this.sequences[this.at]);
    await this.videos[this.front].play();
    this.#loadNext();
  }

  #loadNext() {
    if (this.at + 1 < this.sequences.length) this.#load(this.videos[1 - this.front], this.at + 1);
  }

  #load(video, at) {
    const address = this.address(this.sequences[at]);
    if (video.getAttribute("src") !== address) video.src = address;
  }

  #bring(front) {
    this.front = front;
    this.videos[front].hidden = false;
    this.videos[1 - front].hidden = true;
  }
}
