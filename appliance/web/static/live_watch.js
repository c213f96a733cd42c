// When a live view has fallen silent, and the ways to the relay in the order they are tried.
// Pure: times and numbers go in.

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

const overUdp = (url) => url.startsWith("turn:") && !url.includes("transport=tcp");

/** `[servers over UDP, servers over TCP and TLS]`, without those that are empty: one after the
 * other, because of several that are asked at once the first that answers would carry the picture,
 * and over TCP one lost packet holds up all behind it. */
export function relayWays(iceServers) {
  const only = (udp) =>
    iceServers
      .map((server) => ({
        ...server,
        urls: [server.urls].flat().filter((url) => overUdp(url) === udp),
      }))
      .filter(({ urls }) => urls.length > 0);
  return [only(true), only(false)].filter((servers) => servers.length > 0);
}
