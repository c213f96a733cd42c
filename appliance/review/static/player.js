/** Plays the pieces of a track one after the other: while one plays, the next is already loaded in
 * a second video element, so that the picture does not stop between them. Nothing else is
 * fetched. */

import { fetched, objectAddress } from "./api.js";
import { element } from "./elements.js";
import { placeOf } from "./track.js";
import { marked } from "./watermark.js";
import { say } from "./words.js";

export class Player extends EventTarget {
  #front = 0;
  #index = -1;
  #rate = 1;
  #wanted = false;
  #videos;

  constructor(exam, attempt, track, viewer) {
    super();
    this.track = track;
    this.#videos = [this.#video(), this.#video()];
    this.address = (piece) => objectAddress(exam, attempt, "snippets", piece.sequence);
    this.said = element("p", { class: "said", role: "status", hidden: true });
    this.element = marked("stage", viewer, [...this.#videos, this.said]);
    this.#bring(0);
  }

  /** Seconds from the attempt's first moment. */
  get second() {
    const piece = this.track.pieces[this.#index];
    return piece ? piece.from + Math.min(this.#video0.currentTime, piece.length) : 0;
  }

  get piece() {
    return this.track.pieces[this.#index];
  }

  get playing() {
    return this.#wanted;
  }

  get muted() {
    return this.#video0.muted;
  }

  get rate() {
    return this.#rate;
  }

  async seek(second) {
    const { index, at } = placeOf(this.track, Math.max(0, second));
    await this.#open(index, at);
  }

  async step(pieces) {
    const last = this.track.pieces.length - 1;
    await this.#open(Math.min(last, Math.max(0, this.#index + pieces)), 0);
  }

  async play() {
    this.#wanted = true;
    this.#changed();
    await this.#video0.play().catch((error) => this.#refused(error));
  }

  pause() {
    this.#wanted = false;
    this.#video0.pause();
    this.#changed();
  }

  toggle() {
    return this.#wanted ? this.pause() : this.play();
  }

  setRate(rate) {
    this.#rate = rate;
    for (const video of this.#videos) video.playbackRate = rate;
    this.#changed();
  }

  setMuted(muted) {
    for (const video of this.#videos) video.muted = muted;
    this.#changed();
  }

  /** Drop every picture: the page is left. */
  end() {
    this.#wanted = false;
    for (const video of this.#videos) {
      video.pause();
      video.removeAttribute("src");
      video.load();
    }
  }

  get #video0() {
    return this.#videos[this.#front];
  }

  #video() {
    const name = say("video");
    const video = element("video", {
      preload: "auto",
      playsinline: true,
      "aria-label": name,
      // A window of its own would show the picture without the viewer's name over it.
      disablepictureinpicture: true,
      disableremoteplayback: true,
      controlslist: "nodownload noremoteplayback",
    });
    const mine = () => video === this.#video0;
    video.addEventListener("ended", () => mine() && this.#next());
    video.addEventListener("timeupdate", () => mine() && this.#changed());
    video.addEventListener("playing", () => mine() && this.#say(""));
    video.addEventListener("canplay", () => mine() && this.#say(""));
    video.addEventListener("waiting", () => mine() && this.#say(say("loading")));
    video.addEventListener("error", () => mine() && this.#failed(video));
    return video;
  }

  async #open(index, at) {
    const video = this.#video0;
    const other = this.#load(video, index);
    this.#index = index;
    this.#changed();
    this.#loadNext();
    if (other) this.#say(say("loading"));
    if (at > 0 || !other) {
      if (video.readyState < HTMLMediaElement.HAVE_METADATA) {
        await new Promise((done) => video.addEventListener("loadedmetadata", done, { once: true }));
      }
      if (this.#index === index) video.currentTime = at;
    }
    if (this.#wanted) await video.play().catch((error) => this.#refused(error));
  }

  async #next() {
    if (this.#index + 1 >= this.track.pieces.length) {
      this.pause();
      return;
    }
    this.#index += 1;
    this.#bring(1 - this.#front);
    this.#changed();
    if (this.#wanted) await this.#video0.play().catch((error) => this.#refused(error));
    this.#loadNext();
  }

  #loadNext() {
    const next = this.#index + 1;
    if (next < this.track.pieces.length) this.#load(this.#videos[1 - this.#front], next);
  }

  #load(video, index) {
    const address = this.address(this.track.pieces[index]);
    if (video.getAttribute("src") === address) return false;
    video.src = address;
    video.defaultPlaybackRate = this.#rate;
    video.playbackRate = this.#rate;
    return true;
  }

  #bring(front) {
    this.#front = front;
    this.#videos[front].hidden = false;
    this.#videos[1 - front].hidden = true;
  }

  #refused(error) {
    // Another seek came before this one was done: that one plays.
    if (error.name !== "AbortError") this.pause();
  }

  async #failed(video) {
    const address = video.getAttribute("src");
    if (!address) return;
    const answer = await fetched(address);
    const why = answer.ok ? video.error?.message ?? "" : (await answer.json()).detail;
    this.pause();
    this.#say(say("video-failed", { why }));
  }

  #say(text) {
    this.said.textContent = text;
    this.said.hidden = !text;
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
