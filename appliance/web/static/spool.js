// Snippets that the box has not acknowledged yet. Each is sealed with a key that cannot be
// extracted before it is written, and deleted once the box has it on disk. Survives reload and
// crash. Numbers are given here, in the same transaction that keeps the snippet, so that no
// number is ever missing.

import { boxClock } from "./clock.js";
import { asked, DRAFTS, FACTS, keyNamed, readFact, SNIPPETS, transact } from "./database.js";
import { Drafts } from "./drafts.js";

const MOST_BYTES = 400 * 1024 * 1024; // over two hours at the default rates
const MOST_OF_QUOTA = 0.6;
const ABANDONED_MS = 24 * 3600_000;

export class SpoolFull extends Error {}

export class Spool {
  #attempt;
  #key;
  #last;
  #waiting = new Map(); // sequence -> bytes
  #limit;
  #drafts;
  #turn = Promise.resolve();

  /** `after`: the highest number the box is known to have; numbering goes on behind it. */
  static async open(attempt, after) {
    const spool = new Spool();
    spool.#attempt = attempt;
    spool.#key = await keyNamed(`spool-${attempt}`, () =>
      crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]),
    );
    spool.#last = Math.max((await readFact(`last-${attempt}`)) ?? 0, after);
    spool.#limit = await sizeLimit();
    const kept = await transact([SNIPPETS], "readonly", (t) =>
      asked(t.objectStore(SNIPPETS).getAll(spool.#range())),
    );
    for (const { sequence, size } of kept) spool.#waiting.set(sequence, size);
    spool.#drafts = new Drafts(attempt, spool.#key);
    // What was being recorded when the page was reloaded or crashed, as far as it had come.
    for (const { startedMs, plain } of await spool.#drafts.found()) {
      await spool.put(plain, startedMs).catch(() => {});
    }
    await spool.#sweep();
    return spool;
  }

  /** The highest number given so far. */
  get last() {
    return this.#last;
  }

  get waiting() {
    return this.#waiting.size;
  }

  /** Seal and keep one snippet; resolves with its number when it is on disk. */
  put(plain, startedMs) {
    return this.#inTurn(() => this.#put(plain, startedMs));
  }

  /** Keep a piece of a snippet in the making; `put` of the whole one takes its place. */
  draft(startedMs, part, plain) {
    return this.#inTurn(() => this.#drafts.add(startedMs, part, plain));
  }

  /** Nothing becomes of this snippet. */
  dropDraft(startedMs) {
    return this.#inTurn(() => this.#drafts.drop(startedMs));
  }

  /** The oldest snippet, opened: `{sequence, startedMs, plain}`, or null. */
  async oldest() {
    if (this.#waiting.size === 0) return null;
    const sequence = Math.min(...this.#waiting.keys());
    const kept = await transact([SNIPPETS], "readonly", (t) =>
      asked(t.objectStore(SNIPPETS).get([this.#attempt, sequence])),
    );
    try {
      const { iv, sealed, startedMs } = kept;
      const additionalData = this.#context(sequence, startedMs);
      const how = { name: "AES-GCM", iv, additionalData };
      return { sequence, startedMs, plain: await crypto.subtle.decrypt(how, this.#key, sealed) };
    } catch {
      // Written by a key that a private window lost: nobody can open it any more.
      await this.remove(sequence);
      return this.oldest();
    }
  }

  async remove(sequence) {
    await transact([SNIPPETS], "readwrite", (t) =>
      asked(t.objectStore(SNIPPETS).delete([this.#attempt, sequence])),
    );
    this.#waiting.delete(sequence);
  }

  /** The box has something else under this number: keep the snippet under a new one. */
  async renumber({ sequence, startedMs, plain }) {
    await this.put(plain, startedMs);
    await this.remove(sequence);
  }

  #inTurn(work) {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #put(plain, startedMs) {
    if (this.#bytes() + plain.byteLength > this.#limit) throw new SpoolFull();
    const sequence = this.#last + 1;
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const additionalData = this.#context(sequence, startedMs);
    const how = { name: "AES-GCM", iv, additionalData };
    const sealed = await crypto.subtle.encrypt(how, this.#key, plain);
    const size = sealed.byteLength;
    try {
      await transact([SNIPPETS, FACTS, DRAFTS], "readwrite", (t) =>
        Promise.all([
          asked(
            t
              .objectStore(SNIPPETS)
              .put({ attempt: this.#attempt, sequence, startedMs, size, iv, sealed }),
          ),
          asked(t.objectStore(FACTS).put(sequence, `last-${this.#attempt}`)),
          asked(t.objectStore(DRAFTS).delete(this.#drafts.of(startedMs))),
        ]),
      );
    } catch (error) {
      if (error?.name === "QuotaExceededError") throw new SpoolFull();
      throw error;
    }
    this.#last = sequence;
    this.#waiting.set(sequence, size);
    return sequence;
  }

  /** What another candidate left here a day ago can no longer be sent by anybody. */
  #sweep() {
    const limit = boxClock.now() - ABANDONED_MS;
    return transact([SNIPPETS, DRAFTS], "readwrite", async (t) => {
      for (const store of [t.objectStore(SNIPPETS), t.objectStore(DRAFTS)]) {
        const all = await asked(store.getAll());
        const old = all.filter((s) => s.attempt !== this.#attempt && s.startedMs < limit);
        const keys = old.map((s) => store.keyPath.map((name) => s[name]));
        await Promise.all(keys.map((key) => asked(store.delete(key))));
      }
    });
  }

  #bytes() {
    let sum = 0;
    for (const size of this.#waiting.values()) sum += size;
    return sum;
  }

  /** What the cipher binds a snippet to: this attempt, this number, this moment. */
  #context(sequence, startedMs) {
    return new TextEncoder().encode(`${this.#attempt}\n${sequence}\n${startedMs}`);
  }

  #range() {
    return IDBKeyRange.bound([this.#attempt, 0], [this.#attempt, Infinity]);
  }
}

async function sizeLimit() {
  const estimate = await navigator.storage?.estimate?.().catch(() => null);
  navigator.storage?.persist?.().catch(() => false);
  return Math.min(MOST_BYTES, (estimate?.quota ?? Infinity) * MOST_OF_QUOTA);
}
