// Sends the spool: one snippet at a time, oldest first, at the pace the box asks for.

import { call, Problem } from "./api.js";
import { base64 } from "./base64url.js";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const REFUSED_WAIT_MS = 10_000;
const HURRY_WITHIN_MS = 12_000;
// What the box will not take however often it is sent. Asked twice, in case the way there
// damaged it; then given up, so that one bad snippet never holds up the good ones behind it.
const HOPELESS = new Set([400, 413, 415, 422]);
const NUMBER_TAKEN = new Set(["other-digest", "conflict"]);
const TOO_FAR_AHEAD = "sequence-out-of-range"; // not hopeless: passes when others have arrived
const TOO_LATE = "too-late";

export class Uploader extends EventTarget {
  #spool;
  #running = false;
  #stopped = false;
  #failures = 0;
  #refusedOnce = null;
  #hurry = () => {};
  #heldUntil = 0; // by the running time of the page itself
  acknowledged = 0; // highest number without a gap, as the box last said
  sentBytes = 0;
  givenUp = 0;
  reached = true; // did the box answer last time?
  problem = null; // the Problem it answered with, when it was not a success

  /** Events: `changed` after each step; `login` when the box no longer knows this page;
   * `too-late` when the exam is closed and the box takes nothing more. */
  constructor(spool) {
    super();
    this.#spool = spool;
  }

  /** Is nothing of any use that this browser records? */
  get useless() {
    return this.givenUp >= 2 && this.sentBytes === 0;
  }

  /** There is something to send: start when idle. */
  nudge() {
    if (!this.#running && !this.#stopped) this.#run();
  }

  /** The network is back: do not sit out the rest of a back-off. What the box itself asked for
   * is always waited for, and a hall of pages does not come back in the same moment. */
  hurry() {
    setTimeout(() => this.#hurry(), Math.random() * HURRY_WITHIN_MS);
    this.nudge();
  }

  /** Send nothing for so long. What a whole hall has to send in one moment, each page sends at one
   * of its own. */
  hold(ms) {
    this.#heldUntil = performance.now() + ms;
  }

  stop() {
    this.#stopped = true;
    this.#hurry();
  }

  async #run() {
    this.#running = true;
    try {
      while (!this.#stopped && this.#spool.waiting > 0) {
        const held = this.#heldUntil - performance.now();
        if (held > 0) await this.#pause(held, { asked: true });
        if (this.#stopped) break;
        const waitMs = await this.#step();
        this.dispatchEvent(new Event("changed"));
        if (waitMs > 0) await this.#pause(waitMs, { asked: this.reached });
      }
    } finally {
      this.#running = false;
    }
  }

  /** Send the oldest; resolves with how long to wait before the next. */
  async #step() {
    const snippet = await this.#spool.oldest();
    if (snippet === null) return 0;
    try {
      const answer = await send(snippet);
      this.#failures = 0;
      this.#refusedOnce = null;
      this.reached = true;
      this.problem = null;
      this.acknowledged = answer.acknowledged;
      this.sentBytes += snippet.plain.byteLength;
      // Last: whoever waits for an empty spool reads the counts above.
      await this.#spool.remove(snippet.sequence);
      return answer.wait_ms;
    } catch (error) {
      return this.#failed(snippet, error);
    }
  }

  async #failed(snippet, error) {
    this.#failures += 1;
    this.reached = error instanceof Problem;
    if (!this.reached) return this.#backOff();
    this.problem = error;
    if (NUMBER_TAKEN.has(error.code)) {
      await this.#spool.renumber(snippet);
      return 0;
    }
    if (error.code === TOO_LATE) this.dispatchEvent(new Event("too-late"));
    if (error.status === 401) this.dispatchEvent(new Event("login"));
    if (HOPELESS.has(error.status) && error.code !== TOO_FAR_AHEAD) return this.#refused(snippet);
    if (error.waitMs !== null) return jitter(error.waitMs);
    if (error.status === 409 || error.status === 403) return jitter(REFUSED_WAIT_MS);
    return this.#backOff();
  }

  async #refused(snippet) {
    if (this.#refusedOnce !== snippet.sequence) {
      this.#refusedOnce = snippet.sequence;
      return FIRST_WAIT_MS;
    }
    await this.#spool.remove(snippet.sequence);
    this.givenUp += 1;
    return 0;
  }

  #backOff() {
    const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1));
    return most / 2 + Math.random() * (most / 2);
  }

  #pause(ms, { asked }) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#hurry = () => {
        if (asked && !this.#stopped) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** At least what was asked, and not all pages of a hall at the same moment. */
function jitter(ms) {
  return ms + Math.random() * Math.min(ms, 5_000);
}

async function send({ sequence, startedMs, plain }) {
  const digest = base64(await crypto.subtle.digest("SHA-256", plain));
  return call("PUT", `/attempts/me/snippets/${sequence}`, {
    body: plain,
    headers: {
      "Content-Type": "video/webm",
      "Content-Digest": `sha-256=:${digest}:`,
      "Hallvakt-Started-Ms": String(startedMs),
    },
  });
}
