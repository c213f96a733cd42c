// How loud the microphone is, for the candidate's own check. Nothing is recorded here.

const QUIET_DBFS = -60;
const HEARD_DBFS = -38;

export class SoundMeter {
  #context;
  #analyser;
  #samples;

  constructor(track) {
    this.#context = new AudioContext();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(this.#analyser);
  }

  /** `{percent, heard}`: 0 to 100 between silence and full scale. */
  read() {
    // After a reload a browser lets nothing sound before the first key or click; neither this. WebKit
    // has a state of its own besides, after a call that came in.
    if (this.#context.state !== "running") this.#context.resume().catch(() => {});
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let power = 0;
    for (const sample of this.#samples) power += sample * sample;
    const dbfs = 10 * Math.log10(power / this.#samples.length + 1e-12);
    const percent = Math.min(100, Math.max(0, (100 * (dbfs - QUIET_DBFS)) / -QUIET_DBFS));
    return { percent, heard: dbfs > HEARD_DBFS };
  }

  close() {
    this.#context.close();
  }
}
