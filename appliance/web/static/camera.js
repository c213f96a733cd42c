// The camera and, when the exam wants sound, the microphone: opened, remembered, and opened
// again when they come back after being unplugged.

import { readFact, writeFact } from "./database.js";
import { settledWithin } from "./patience.js";

const REMEMBERED = "camera";
const PATIENCE_MS = 15_000; // the question of a browser is read in less, and a slow camera opens in less
const LEAST_FRAMES_PER_SECOND = 15; // for a live view; the recorder takes fewer of them

/** The size for a face photo. */
export const PHOTO_SIZE = { width: 640, height: 480 };

/** Why a camera could not be opened, as a word that `texts` has a sentence for. */
export function whyNot(error) {
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "not_allowed";
    case "NotReadableError":
    case "AbortError":
      return "in_use";
    case "NotSupportedError":
      return "unsupported";
    default:
      return "not_found";
  }
}

export class Camera extends EventTarget {
  stream = null;
  /** As asked for: `{width, height}`. */
  size = null;
  #wantsSound = false;
  #turn = Promise.resolve();
  #asked = 0; // how often: only the newest counts

  /** Events: `lost` when a track ended or went silent for good, `back` when devices changed. */
  constructor() {
    super();
    navigator.mediaDevices?.addEventListener("devicechange", () =>
      this.dispatchEvent(new Event("back")),
    );
  }

  get on() {
    return this.#live(this.stream?.getVideoTracks()[0]);
  }

  get microphoneOn() {
    return this.#live(this.stream?.getAudioTracks()[0]);
  }

  /** On, but without a picture: a closed cover, a switch on the keyboard. */
  get muted() {
    return this.on && this.stream.getVideoTracks()[0].muted;
  }

  #live(track) {
    return track !== undefined && track.readyState === "live";
  }

  /**
   * Open the chosen camera, or the remembered one, or any, at `size`. It matters which: Chromium's
   * MediaRecorder records what the camera delivers and takes no notice of a track's own scaling.
   * A microphone that is missing does not stop the picture.
   *
   * A browser may neither open nor refuse, so there are two promises. `opened`: true when the stream
   * is on; false when it was closed or asked for anew meanwhile, and what comes late is switched
   * off; rejected with the browser's DOMException when there is no picture. `answered`: false when
   * nothing has come for PATIENCE_MS; it may still.
   */
  open(wanted) {
    // One at a time: of two streams one would stay open unseen, and the camera's light with it.
    // Only what was given up waiting for does not hold up the next.
    const opened = this.#turn.then(() => this.#open(wanted));
    const answered = this.#turn.then(() => settledWithin(opened, PATIENCE_MS));
    this.#turn = answered;
    return { opened, answered };
  }

  async #open({ sound, size, deviceId = null, framesPerSecond }) {
    this.close();
    const asked = this.#asked;
    if (!navigator.mediaDevices) throw new DOMException("no camera interface", "NotSupportedError");
    this.#wantsSound = sound;
    const remembered = await readFact(REMEMBERED);
    const wanted = deviceId ?? remembered;
    const video = {
      width: { ideal: size.width },
      height: { ideal: size.height },
      frameRate: { ideal: Math.max(framesPerSecond, LEAST_FRAMES_PER_SECOND) },
      ...(wanted ? { deviceId: { ideal: wanted } } : { facingMode: "user" }),
    };
    let stream;
    try {
      stream = await this.#openWith(video, asked);
    } catch (error) {
      if (asked !== this.#asked) return false;
      throw error;
    }
    if (asked !== this.#asked) {
      stop(stream);
      return false;
    }
    this.stream = stream;
    this.size = size;
    for (const each of stream.getTracks()) {
      each.addEventListener("ended", () => this.#ended(each));
    }
    const [track] = stream.getVideoTracks();
    // A choice stays the one that is asked for, also where another camera has to do meanwhile.
    if (deviceId || !remembered) await writeFact(REMEMBERED, track.getSettings().deviceId ?? null);
    return asked === this.#asked;
  }

  async #openWith(video, asked) {
    if (this.#wantsSound) {
      try {
        return await navigator.mediaDevices.getUserMedia({ video, audio: true });
      } catch (error) {
        if (error.name === "NotAllowedError" || asked !== this.#asked) throw error;
        // No microphone, or one in use: the picture alone is still worth having.
      }
    }
    return navigator.mediaDevices.getUserMedia({ video });
  }

  #ended(track) {
    if (this.stream?.getTracks().includes(track)) {
      this.dispatchEvent(new CustomEvent("lost", { detail: track.kind }));
    }
  }

  /** Switch off, also what the browser has still to open: the camera's own light goes out too. */
  close() {
    this.#asked += 1;
    if (this.stream) stop(this.stream);
    this.stream = null;
  }

  /** `[{id, label}]` of the cameras; labels are there only once one has been opened. */
  async choices() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices
      .filter((device) => device.kind === "videoinput")
      .map(({ deviceId, label }) => ({ id: deviceId, label }));
  }

  get chosen() {
    return this.stream?.getVideoTracks()[0]?.getSettings().deviceId ?? null;
  }

  /** A copy of the picture with at most so many frames a second; the caller stops it. */
  async copy(framesPerSecond) {
    const track = this.stream.getVideoTracks()[0].clone();
    // A camera that cannot is taken as it is: the box looks at key frames, one a second.
    await track.applyConstraints({ frameRate: { max: framesPerSecond } }).catch(() => {});
    return track;
  }

  microphone() {
    return this.stream?.getAudioTracks()[0] ?? null;
  }
}

/** May the page open the camera without the browser asking anybody? */
export async function alreadyAllowed() {
  try {
    return (await navigator.permissions.query({ name: "camera" })).state === "granted";
  } catch {
    return false; // a browser that does not tell is asked by pressing the button
  }
}

function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
}
