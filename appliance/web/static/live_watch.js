// When a live view has fallen silent. Pure: times and numbers go in.

const SILENT_FOR_MS = 6_000; // the console reports on the picture every second

/** Is told how much has come in so far; says when that has not grown for too long. */
export class Silence {
  #received = null;
  #heardAt = 0;

  /** `received` grows with whatever came in; `now` in milliseconds of a steady clock. */
  tell(received, now) {
    if (received !== this.#received) {
      this.#received = received;
      this.#heardAt = now;
    }
    return now - this.#heardAt > SILENT_FOR_MS;
  }
}

/** What came in over all pairs of an RTCPeerConnection, of its statistics. */
export function received(stats) {
  let sum = 0;
  for (const report of stats.values()) {
    if (report.type === "candidate-pair") sum += report.bytesReceived + report.responsesReceived;
  }
  return sum;
}
