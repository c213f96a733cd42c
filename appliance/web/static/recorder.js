// Continuous recording as separate files: each snippet is one MediaRecorder from start to stop,
// so that it plays alone. The next recorder starts before the last one stops; the overlap hides
// the time an encoder needs for its first picture, so no moment falls between two snippets.

import { boxClock } from "./clock.js";
import { whole } from "./webm_cut.js";

const OVERLAP_MS = 400;
const KEY_FRAME_EVERY_MS = 1_000; // the box looks at key frames only
const PIECE_MS = 1_000; // how much a crash may cost
const LEAST_BYTES = 200; // a WebM header without a single frame is smaller
const LONGEST_MS = 34_000; // the box refuses more than 35 s

/** The container and codecs this browser can record, or null when it cannot. */
export function recordingType(sound) {
  const type = sound ? "video/webm;codecs=vp8,opus" : "video/webm;codecs=vp8";
  return globalThis.MediaRecorder?.isTypeSupported(type) ? type : null;
}

/** One snippet in the making. */
class Take {
  #recorder;
  #steady;
  #parts = [];
  #cut = false; // the computer slept: what came behind it belongs to another time

  /** `draft(startedMs, part, blob)` is told each piece as it is made. */
  constructor(stream, options, draft) {
    this.began = Date.now();
    this.#steady = performance.now();
    this.startedMs = boxClock.now();
    this.#recorder = new MediaRecorder(stream, options);
    this.#recorder.ondataavailable = ({ data }) => {
      this.#cut ||= this.age > LONGEST_MS;
      if (data.size === 0 || this.#cut) return;
      draft(this.startedMs, this.#parts.length, data);
      this.#parts.push(data);
    };
    this.finished = new Promise((resolve) => {
      this.#recorder.onstop = () => resolve(this.#whole());
    });
    this.#recorder.start(PIECE_MS);
  }

  async #whole() {
    const all = new Blob(this.#parts, { type: "video/webm" });
    if (!this.#cut) return all;
    return new Blob([whole(new Uint8Array(await all.arrayBuffer()))], { type: all.type });
  }

  /** By the longer of two clocks: one is set back by somebody, the other stands still in sleep. */
  get age() {
    return Math.max(Date.now() - this.began, performance.now() - this.#steady);
  }

  stop() {
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
  }
}

export class Recorder {
  #stream;
  #options;
  #lengthMs;
  #dueMs; // of the snippet in the making
  #keep;
  #draft;
  #drop;
  #takes = []; // at most two: the one that ends and the one that began
  #deliveries = Promise.resolve();

  /**
   * `capture` is the exam's capture profile. `keep(blob, startedMs)` is awaited for each
   * snippet in turn; what it throws goes to `trouble`. `draft(startedMs, part, blob)` is told the
   * pieces of the snippet in the making, `drop(startedMs)` that nothing becomes of them.
   */
  constructor({ video, audio, capture, keep, draft, drop, trouble }) {
    this.#stream = new MediaStream(audio ? [video, audio] : [video]);
    this.#options = {
      mimeType: recordingType(audio !== null),
      videoBitsPerSecond: capture.video_bits_per_second,
      audioBitsPerSecond: capture.audio_bits_per_second,
      videoKeyFrameIntervalDuration: KEY_FRAME_EVERY_MS,
    };
    this.#lengthMs = capture.snippet_seconds * 1000;
    // A class that starts in one moment would send in one moment for ever after: the first
    // snippet of each page has a length of its own.
    this.#dueMs = this.#lengthMs * (0.5 + Math.random() / 2);
    this.#keep = keep;
    this.#draft = draft;
    this.#drop = drop;
    this.trouble = trouble;
    this.video = video;
  }

  start() {
    this.#begin();
  }

  /** Call often (the metronome does): changes recorders when it is time. */
  beat() {
    const newest = this.#takes.at(-1);
    if (newest === undefined) return;
    if (this.#takes.length > 1 && newest.age >= OVERLAP_MS) this.#takes.shift().stop();
    if (newest.age < this.#dueMs) return;
    this.#dueMs = this.#lengthMs;
    this.#begin();
  }

  /** End what is being recorded; resolves when the last snippet has been kept. */
  async stop() {
    for (const take of this.#takes.splice(0)) take.stop();
    await this.#deliveries;
    this.video.stop();
  }

  #begin() {
    let take;
    try {
      take = new Take(this.#stream, this.#options, this.#draft);
    } catch (error) {
      this.trouble(error);
      return;
    }
    this.#takes.push(take);
    // In the order they began, whichever recorder is done first: numbers follow time.
    this.#deliveries = this.#deliveries.then(() => this.#deliver(take));
  }

  async #deliver(take) {
    const blob = await take.finished;
    if (blob.size < LEAST_BYTES) {
      // The camera gave no picture.
      await this.#drop(take.startedMs);
      return;
    }
    try {
      await this.#keep(blob, take.startedMs);
    } catch (error) {
      this.trouble(error);
    }
  }
}
