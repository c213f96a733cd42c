// The difference between this computer's clock and the box's.
//
// Every answer with `server_ms` is a sample: the box's time lies somewhere between sending and
// receiving, so the middle is wrong by at most half the round trip. The sample with the shortest
// round trip of the last minutes is the best one (Cristian's algorithm, 1989).

const KEPT_MS = 10 * 60_000;

export class BoxClock {
  #samples = [];

  /** All in Unix milliseconds: when we asked, when the answer came, what the box said. */
  heard(sentMs, receivedMs, serverMs) {
    this.#samples.push({
      at: receivedMs,
      roundTrip: receivedMs - sentMs,
      difference: serverMs - (sentMs + receivedMs) / 2,
    });
    this.#samples = this.#samples.filter((s) => receivedMs - s.at < KEPT_MS).slice(-20);
  }

  /** After sleep, or when somebody set the clock, what was measured before is worth nothing. */
  forget() {
    this.#samples = this.#samples.slice(-1).map((s) => ({ ...s, roundTrip: Infinity }));
  }

  /** What to add to this computer's clock to get the box's. Milliseconds; 0 before any answer. */
  get difference() {
    let best = null;
    for (const sample of this.#samples) {
      if (best === null || sample.roundTrip <= best.roundTrip) best = sample;
    }
    return best === null ? 0 : best.difference;
  }

  now() {
    return Math.round(Date.now() + this.difference);
  }
}

export const boxClock = new BoxClock();
