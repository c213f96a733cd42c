// The raised hand: what was pressed is told once, also over a line that dies under it.

const SOON_MS = 1_000; // the word of the box on a press takes a few milliseconds

/**
 * Each press has a number, one above what the box has heard. It takes none a second time and says
 * the last one with its status, so what may have been lost is sent again without harm: a hand that
 * an invigilator has lowered meanwhile stays down.
 */
export class Hand {
  #channel;
  #box = { hand_raised: false, hand_presses: 0 };
  // What the box has yet to confirm: `{raised, number, at, sent, tried}`. `sent` on this line;
  // `tried`: it may have heard this wish, or one that this took the place of.
  #wish = null;

  constructor(channel) {
    this.#channel = channel;
    channel.addEventListener("down", () => {
      if (this.#wish) this.#wish.sent = this.#wish.at = 0;
    });
  }

  press() {
    const last = this.#wish;
    const number = (last?.number ?? this.#box.hand_presses) + 1;
    const raised = !(last?.raised ?? this.#box.hand_raised);
    const tried = last?.tried;
    const at = this.#channel.up && Date.now();
    // Taken back before the box can have heard of any of it, or the next wish.
    this.#wish = last && !tried ? null : { raised, number, at, tried };
    this.#tell();
  }

  /** The box's status, new or as it is known. */
  heard(status) {
    const another = status.attempt !== this.#box.attempt;
    this.#box = status;
    if (another || status.hand_presses >= this.#wish?.number) this.#wish = null;
    this.#tell();
  }

  /** What the button says: `raise`, `lower`, or `waits` for the box to hear of it. */
  get word() {
    if (this.#wish && Date.now() - this.#wish.at > SOON_MS) return "waits";
    return this.#box.hand_raised ? "lower" : "raise";
  }

  #tell() {
    const wish = this.#wish;
    if (!wish || wish.sent || !this.#channel.up) return;
    wish.sent = wish.tried = true;
    this.#channel.send({ kind: "hand", raised: wish.raised, press: wish.number });
  }
}
