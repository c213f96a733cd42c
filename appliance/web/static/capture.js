// Keeps camera and recorder in the state that the exam wants: on when it is live, off on a break
// and at the end, and on again after the camera was unplugged or the computer slept.

import { call } from "./api.js";
import { alreadyAllowed, whyNot } from "./camera.js";
import { Recorder, recordingType } from "./recorder.js";
import { SpoolFull } from "./spool.js";
import {
  cameraInUse,
  cameraWanted,
  isOver,
  microphoneWanted,
  onBreak,
  recordingWanted,
} from "./visit.js";

const TRY_AGAIN_MS = 3_000;

export class Capture extends EventTarget {
  #camera;
  #spool = null;
  #status = null;
  #recorder = null;
  #stopping = Promise.resolve(); // of the recorders before
  #drafting = Promise.resolve();
  #settling = false;
  #unsettled = false;
  #ended = false;
  #lost = false; // the camera went away while it was in use; the box does not know it back
  #missed = false; // it did so once: what the box calls missing is to come back
  #away = false; // a phone with a dark screen, or another app in front
  #telling = Promise.resolve();
  #nextTry = 0;
  #wakeLock = null;
  #trouble = null;

  /** Event `changed` when recording began or ended, or the trouble changed. */
  constructor(camera, beat) {
    super();
    this.#camera = camera;
    camera.addEventListener("lost", ({ detail }) => this.#cameraLost(detail));
    camera.addEventListener("back", () => this.#tryNow());
    beat.addEventListener("beat", () => this.#beat());
  }

  get recording() {
    return this.#recorder !== null;
  }

  /** `camera`, `muted`, `full`, `recorder` or null. */
  get trouble() {
    if (this.#trouble === null && this.#camera.muted) return "muted";
    return this.#trouble;
  }

  /** The exam is as `status` says now; do what follows from it. */
  follow(status, spool) {
    this.#status = status;
    this.#spool = spool;
    this.#settle();
  }

  /** Stop for good; resolves when the last snippet is in the spool. */
  async end() {
    this.#ended = true;
    await this.#stopRecorder();
    this.#camera.close();
  }

  /** This page is no longer the seat's: stop until the next `follow`. */
  async pause() {
    this.#status = null;
    await this.#stopRecorder();
    this.#camera.close();
  }

  /** The page went out of sight, or came back. On a phone its screen is dark then, the browser gives
   * no pictures and may stop the page: what was recorded is kept, and the box is told while there
   * is time. A computer records on; it only has to be kept awake anew. */
  screen(dark, phone) {
    if (!dark) this.#stayAwake();
    const status = this.#status;
    if (!phone || status === null || this.#ended || status.attempt_state === "expected") return;
    this.#away = dark;
    if (dark && this.#camera.on) {
      this.#lost = this.#missed = true;
      this.#tell(false, { keepalive: true });
    }
    this.#tryNow();
  }

  /** The candidate asks for the camera again. */
  retry() {
    this.#lost = this.#missed = true;
    this.#tryNow();
  }

  async #settle() {
    this.#unsettled = true;
    if (this.#settling) return;
    this.#settling = true;
    try {
      while (this.#unsettled) {
        this.#unsettled = false;
        await this.#settleOnce();
      }
    } finally {
      this.#settling = false;
    }
  }

  async #settleOnce() {
    const status = this.#status;
    if (status === null || this.#ended || status.attempt_state === "expected") return;
    const missed = this.#missed && cameraWanted(status.features) && status.camera === "missing";
    const wanted = (cameraInUse(status) || missed) && !isOver(status) && !onBreak(status);
    if (!wanted || this.#away) {
      await this.#stopRecorder();
      this.#camera.close();
      this.#setTrouble(null);
      return;
    }
    if (!this.#camera.on || !this.#sizeFits()) await this.#openCamera();
    if (!this.#camera.on) return;
    const record = recordingWanted({ ...status, camera: "working" });
    if (record && this.#recorder === null) await this.#startRecorder();
    if (!record) await this.#stopRecorder();
    if (this.#lost) await this.#tellBack();
  }

  /** The photo was taken at another size than the exam is recorded at. */
  #sizeFits() {
    const { width, height } = this.#status.capture;
    return this.#camera.size.width === width && this.#camera.size.height === height;
  }

  async #openCamera() {
    if (Date.now() < this.#nextTry) return;
    const { opened, answered } = this.#camera.open({
      sound: microphoneWanted(this.#status.features),
      size: this.#status.capture,
      framesPerSecond: this.#status.capture.frames_per_second,
    });
    const told = this.#tellOpened(opened);
    if (await answered) {
      await told;
      return;
    }
    told.then(() => this.#settle()); // it may still come
    this.#nextTry = Infinity; // the browser may be asking, and two questions are no better
    await this.#cameraMissing();
    if (await alreadyAllowed()) this.#nextTry = Date.now() + TRY_AGAIN_MS;
  }

  async #tellOpened(opened) {
    try {
      // Closed, or asked for anew; or this page is no longer the seat's.
      if (!(await opened) || this.#status === null) return;
    } catch (error) {
      // Where the browser would ask each time, only the candidate's own press tries again.
      const forbidden = whyNot(error) === "not_allowed";
      this.#nextTry = forbidden ? Infinity : Date.now() + TRY_AGAIN_MS;
      await this.#cameraMissing();
      return;
    }
    this.#nextTry = 0;
    this.#setTrouble(null);
    if (this.#status.camera !== "working") this.#lost = true;
  }

  /** What did not arrive is told again when the box is next heard. */
  async #tellBack() {
    this.#lost = false; // now, and not behind the answer: it may be lost again meanwhile
    if (!(await this.#tell(true))) this.#lost = true;
  }

  async #cameraMissing() {
    this.#setTrouble("camera");
    if (this.#lost) return;
    this.#lost = this.#missed = true;
    await this.#tell(false);
  }

  /** One after the other: what was said last counts. Resolves to whether it arrived. */
  #tell(camera, how = {}) {
    const json = { camera, microphone: camera && this.#camera.microphoneOn };
    // The console sees missing pictures anyway; that this did not arrive is no error here.
    const tell = () =>
      call("POST", "/attempts/me/devices", { json, ...how }).then(
        () => true,
        () => false,
      );
    this.#telling = how.keepalive ? tell() : this.#telling.then(tell);
    return this.#telling;
  }

  async #startRecorder() {
    const { features, capture } = this.#status;
    const audio = microphoneWanted(features) ? this.#camera.microphone() : null;
    if (recordingType(audio !== null) === null) {
      this.#setTrouble("recorder");
      return;
    }
    const video = await this.#camera.copy(capture.frames_per_second);
    this.#recorder = new Recorder({
      video,
      audio,
      capture,
      keep: (blob, startedMs) => this.#keep(blob, startedMs),
      draft: (startedMs, part, blob) => this.#draft(startedMs, part, blob),
      drop: (startedMs) => this.#spool.dropDraft(startedMs).catch(() => {}),
      trouble: (error) => this.#recorderTrouble(error),
    });
    this.#recorder.start();
    await this.#stayAwake();
    this.dispatchEvent(new Event("changed"));
  }

  /** A browser ends a wake lock by itself whenever the page is out of sight. */
  async #stayAwake() {
    if (this.#recorder === null || this.#wakeLock?.released === false) return;
    this.#wakeLock = await navigator.wakeLock?.request("screen").catch(() => null);
    if (this.#recorder === null) await this.#wakeLock?.release();
  }

  /** Resolves when the last snippet is kept, also for who asks while it is still being made. */
  async #stopRecorder() {
    if (this.#recorder !== null) {
      this.#stopping = Promise.all([this.#stopping, this.#stopped(this.#recorder)]);
      this.#recorder = null;
    }
    await this.#stopping;
  }

  async #stopped(recorder) {
    await recorder.stop();
    await this.#wakeLock?.release().catch(() => {});
    this.dispatchEvent(new Event("changed"));
  }

  async #keep(blob, startedMs) {
    await this.#drafting; // the whole takes the place of its pieces, so it comes after them
    await this.#spool.put(await blob.arrayBuffer(), startedMs);
    if (this.#trouble === "full") this.#setTrouble(null);
    this.dispatchEvent(new Event("changed"));
  }

  /** Without a draft a crash costs more, and that is all. */
  #draft(startedMs, part, blob) {
    this.#drafting = this.#drafting
      .then(async () => this.#spool.draft(startedMs, part, await blob.arrayBuffer()))
      .catch((error) => console.warn("draft", error));
  }

  #recorderTrouble(error) {
    console.warn("recorder", error);
    this.#setTrouble(error instanceof SpoolFull ? "full" : "recorder");
    if (error instanceof SpoolFull) return;
    this.#nextTry = Date.now() + TRY_AGAIN_MS;
    this.#stopRecorder();
  }

  #setTrouble(trouble) {
    if (this.#trouble === trouble) return;
    this.#trouble = trouble;
    this.dispatchEvent(new Event("changed"));
  }

  async #cameraLost(kind) {
    if (this.#status === null || this.#status.attempt_state === "expected") return;
    // Without the microphone the picture goes on; without the picture nothing does. The reason is
    // said at once: sealing the last snippet takes a moment, and "not recording" alone frightens.
    const stopped = this.#stopRecorder();
    if (kind === "video") this.#setTrouble("camera");
    await stopped;
    // Meanwhile the camera may have come back, or a break begun: then nothing is missing.
    const missing = !this.#camera.on && this.#trouble !== null;
    if (kind === "video" && missing) await this.#cameraMissing();
    this.#settle();
  }

  #tryNow() {
    this.#nextTry = 0;
    this.#settle();
  }

  #beat() {
    this.#recorder?.beat();
    const idle = this.#recorder === null && this.#trouble !== null;
    if (idle && Date.now() >= this.#nextTry) this.#settle();
  }
}
