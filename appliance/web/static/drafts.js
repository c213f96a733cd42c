// Pieces of the snippet that is being recorded, sealed and written every second, so that a reload or
// a crash loses a second of it and not all. A recorder's pieces in a row are one playable file from
// its start to wherever it was cut; the middle ones alone are nothing.

import { asked, DRAFTS, transact } from "./database.js";
import { whole } from "./webm_cut.js";

export class Drafts {
  #attempt;
  #key;

  constructor(attempt, key) {
    this.#attempt = attempt;
    this.#key = key;
  }

  /** `relaxed`: a browser's crash does not hurt what the system has; only a power cut does, and
   * forcing every second to the disk would wear it out. */
  async add(startedMs, part, plain) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const additionalData = this.#context(startedMs, part);
    const how = { name: "AES-GCM", iv, additionalData };
    const sealed = await crypto.subtle.encrypt(how, this.#key, plain);
    const row = { attempt: this.#attempt, startedMs, part, iv, sealed };
    await transact([DRAFTS], "readwrite", (t) => asked(t.objectStore(DRAFTS).put(row)), "relaxed");
  }

  drop(startedMs) {
    return transact([DRAFTS], "readwrite", (t) =>
      asked(t.objectStore(DRAFTS).delete(this.of(startedMs))),
    );
  }

  /** The key range of one snippet's pieces. */
  of(startedMs) {
    return IDBKeyRange.bound([this.#attempt, startedMs, 0], [this.#attempt, startedMs, Infinity]);
  }

  /** `[{startedMs, plain}]` in the order they began. */
  async found() {
    const all = IDBKeyRange.bound([this.#attempt, 0], [this.#attempt, Infinity]);
    const rows = await transact([DRAFTS], "readonly", (t) => asked(t.objectStore(DRAFTS).getAll(all)));
    const pieces = new Map();
    for (const row of rows) {
      // Only what follows without a gap: behind a missing piece the file is broken.
      const before = pieces.get(row.startedMs) ?? [];
      if (row.part === before.length) pieces.set(row.startedMs, [...before, row]);
    }
    const found = [];
    for (const [startedMs, parts] of pieces) {
      const plain = await Promise.all(parts.map((row) => this.#open(row))).catch(() => null);
      if (plain === null) {
        await this.drop(startedMs); // by a key that a private window lost
        continue;
      }
      const bytes = new Uint8Array(await new Blob(plain).arrayBuffer());
      found.push({ startedMs, plain: whole(bytes).slice().buffer });
    }
    return found;
  }

  #open({ startedMs, part, iv, sealed }) {
    const additionalData = this.#context(startedMs, part);
    return crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, this.#key, sealed);
  }

  #context(startedMs, part) {
    return new TextEncoder().encode(`draft\n${this.#attempt}\n${startedMs}\n${part}`);
  }
}
