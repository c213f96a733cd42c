// Which way a live view takes to the relay. They are asked side by side, each a beat of 100 ms behind
// the one before it, and of those that answer the first of the list is taken: UDP, where nothing
// waits behind a lost packet. What was blocked the last time probably still is, and those up to the
// one that worked are asked at once. In one peer the first that answers would carry the picture.

const rank = (url) => (url.startsWith("turns:") ? 2 : Number(url.includes("transport=tcp")));

/** The servers over UDP, over TCP and over TLS, without those that are empty. */
export function relayWays(iceServers) {
  const only = (wanted) =>
    iceServers
      .map((server) => ({
        ...server,
        urls: [server.urls].flat().filter((url) => rank(url) === wanted),
      }))
      .filter(({ urls }) => urls.length > 0);
  return [0, 1, 2].map(only).filter((servers) => servers.length > 0);
}

export class Ways {
  #ways;
  #ask;
  #asked = [];
  #answers;
  #choose;

  /** `ask(servers, answered)` asks one way and gives back its peer; `answered(relayed)` is called
   * when the relay answered, or never will. `worked`: the number of the way that was taken the
   * last time. `chosen` resolves with `{number, peer}`, or with null when there is no way. */
  constructor(ways, worked, ask) {
    this.#ways = ways;
    this.#ask = ask;
    this.#answers = ways.map(() => null);
    this.chosen = new Promise((resolve) => {
      this.#choose = resolve;
    });
    for (let n = 0; n <= worked; n += 1) this.#next();
    if (ways.length === 0) this.close();
  }

  beat() {
    const answered = this.#answers.indexOf(true);
    // Only at a beat, so that the better one has until then: a LAN answers within milliseconds.
    if (answered >= 0) this.#take(answered);
    else this.#next();
  }

  close() {
    this.#take(-1);
  }

  #next() {
    const number = this.#asked.length;
    if (number >= this.#ways.length) return;
    const answered = (relayed) => {
      this.#answers[number] ??= relayed;
      if (!relayed) this.#next();
      const best = this.#answers.findIndex((one) => one !== false);
      if (best < 0 || this.#answers[best]) this.#take(best);
    };
    this.#asked.push(this.#ask(this.#ways[number], answered));
  }

  #take(number) {
    const peer = this.#asked[number] ?? null;
    this.#ways = []; // nothing more is asked
    for (const other of this.#asked) if (other !== peer) other.close();
    this.#choose(peer && { number, peer });
  }
}
