// The camera and, when the exam wants sound, the microphone: opened, remembered, and opened
// again when they come back after being unplugged.

import { readFact, writeFact } from "./database.js";

const REMEMBERED = "camera";
// The check, the photo and a live view look better at this size; the recorder reduces its own
// copy to the exam's capture profile.
const OPENED = { width: { ideal: 640 }, height: { ideal: 480 } };
const LEAST_FRAMES_PER_SECOND = 15;

/** Why a camera could not be opened, as a word that `texts` has a sentence for. */
export function whyNot(error) {
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "not_allowed";
    case "NotReadableError":
    case "AbortError":
      return "in_use";
    case "NotFoundError":
    case "OverconstrainedError":
      return "not_found";
    default:
      return "not_found";
  }
}

export class Camera extends EventTarget {
  stream = null;
  #wantsSound = false;

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
   * Open the chosen camera, or the remembered one, or any. A microphone that is missing does not
   * stop the picture. Rejects with the browser's DOMException when there is no picture.
   */
  async open({ sound, deviceId = null, framesPerSecond }) {
    this.close();
    if (!navigator.mediaDevices) throw new DOMException("no camera interface", "NotFoundError");
    this.#wantsSound = sound;
    const wanted = deviceId ?? (await readFact(REMEMBERED));
    const video = {
      ...OPENED,
      frameRate: { ideal: Math.max(framesPerSecond, LEAST_FRAMES_PER_SECOND) },
      ...(wanted ? { deviceId: { ideal: wanted } } : {}),
    };
    this.stream = await this.#openWith(video);
    const [track] = this.stream.getVideoTracks();
    await writeFact(REMEMBERED, track.getSettings().deviceId ?? null);
    for (const each of this.stream.getTracks()) {
      each.addEventListener("ended", () => this.#ended(each));
    }
  }

  async #openWith(video) {
    if (this.#wantsSound) {
      try {
        return await navigator.mediaDevices.getUserMedia({ video, audio: true });
      } catch (error) {
        if (error.name === "NotAllowedError") throw error;
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

  /** Switch off: the camera's own light goes out too. */
  close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
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

  /** A copy of the picture at another size; the caller stops it. */
  async copy({ width, height, framesPerSecond }) {
    const track = this.stream.getVideoTracks()[0].clone();
    await track
      .applyConstraints({
        width: { ideal: width },
        height: { ideal: height },
        frameRate: { ideal: framesPerSecond, max: framesPerSecond },
        resizeMode: { ideal: "crop-and-scale" }, // otherwise the camera's own size is kept
      })
      .catch(() => {}); // a camera that cannot is recorded as it is; the box checks the size
    return track;
  }

  microphone() {
    return this.stream?.getAudioTracks()[0] ?? null;
  }
}
