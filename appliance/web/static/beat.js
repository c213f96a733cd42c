// The page's side of the metronome: steady beats, and a word when time jumped.

const JUMP_MS = 3_000;

/** Under `require-trusted-types-for` a worker's address must come from a policy. */
function metronome() {
  const address = new URL("./metronome.js", import.meta.url).href;
  const policy = globalThis.trustedTypes?.createPolicy("hallvakt", {
    createScriptURL: () => address, // this one and no other
  });
  return new Worker(policy ? policy.createScriptURL("") : address);
}

export class Beat extends EventTarget {
  #worker = metronome();
  #last = { wall: Date.now(), steady: performance.now() };

  constructor() {
    super();
    this.#worker.onmessage = () => this.#beat();
  }

  #beat() {
    const now = { wall: Date.now(), steady: performance.now() };
    const wall = now.wall - this.#last.wall;
    const steady = now.steady - this.#last.steady;
    this.#last = now;
    // The computer slept, or its clock was set: either way stamps made before mean nothing now.
    if (wall > JUMP_MS || Math.abs(wall - steady) > JUMP_MS) {
      this.dispatchEvent(new CustomEvent("jump", { detail: wall }));
    }
    this.dispatchEvent(new Event("beat"));
  }
}
