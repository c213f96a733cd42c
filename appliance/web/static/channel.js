// The line the box calls on: status, messages, live views. Comes back by itself.

const URL_PATH = "/api/v1/attempts/me/channel";
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const CALL_WITHIN_MS = 3_000;
const TELL_EVERY_MS = 2_000;
const ASK_AFTER_MS = 3_000;
const DEAD_AFTER_MS = 10_000;

export class Channel extends EventTarget {
  #socket = null;
  #closed = false;
  #failures = 0;
  #timer = null;
  #heardAt = 0;
  #told = { count: 0, at: 0 };

  /** Events: `up`, `down`, and one named after the `kind` of each message, it as `detail`. */
  open() {
    this.#closed = false;
    this.#connect();
  }

  get up() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  send(message) {
    if (this.up) this.#socket.send(JSON.stringify(message));
  }

  /** How many snippets wait here, for the console; one is always on its way and nothing to tell. */
  tellWaiting(snippets) {
    const waiting = snippets > 1 ? snippets : 0;
    const { count, at } = this.#told;
    if (!this.up || waiting === count || Date.now() - at < TELL_EVERY_MS) return;
    this.#told = { count: waiting, at: Date.now() };
    this.send({ kind: "spool", waiting });
  }

  /** The network is back: do not wait much longer for the next try. A hall of pages does not call
   * in the same moment. */
  nudge() {
    if (this.#closed || this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), Math.random() * CALL_WITHIN_MS);
  }

  /** Once a second. A browser calls a line open for minutes that lost its network, so the box is
   * asked for a sign when it has been silent for a while. */
  look() {
    if (this.#closed || this.#timer !== null) return;
    const silentFor = Date.now() - this.#heardAt;
    if (silentFor > DEAD_AFTER_MS) this.renew();
    else if (silentFor > ASK_AFTER_MS) this.send({ kind: "beat" });
  }

  /** Drop a line that looks alive but may not be (after sleep), and call again. */
  renew() {
    const socket = this.#socket;
    if (this.#closed || socket === null || this.#timer !== null) return;
    this.#socket = null;
    socket.close();
    this.#lost();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#socket?.close();
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const socket = new WebSocket(`wss://${location.host}${URL_PATH}`);
    this.#socket = socket;
    this.#heardAt = Date.now();
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#failures = 0;
      this.#told = { count: 0, at: 0 };
      this.dispatchEvent(new Event("up"));
    };
    socket.onmessage = (event) => socket === this.#socket && this.#heard(event.data);
    socket.onclose = () => socket === this.#socket && this.#lost();
  }

  #lost() {
    this.dispatchEvent(new Event("down"));
    if (this.#closed) return;
    this.#failures += 1;
    const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#timer = setTimeout(() => this.#connect(), most / 2 + (Math.random() * most) / 2);
  }

  #heard(data) {
    this.#heardAt = Date.now();
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (typeof message?.kind !== "string") return;
    this.dispatchEvent(new CustomEvent(message.kind, { detail: message }));
  }
}
