// The device check: the candidate's own picture, a word on the light, a bar for the microphone,
// and a calm way on when there is no camera.

import { call, sentence } from "./api.js";
import { alreadyAllowed, PHOTO_SIZE, whyNot } from "./camera.js";
import { canShowLive } from "./live_view.js";
import { busy, byId, put, say } from "./document.js";
import { PhoneCamera } from "./phone.js";
import { PictureHints } from "./picture_hints.js";
import { recordingType } from "./recorder.js";
import { SoundMeter } from "./sound_meter.js";
import { text } from "./texts.js";
import { microphoneWanted } from "./visit.js";

const LOOK_EVERY_MS = 500;
const ADVICE_STAYS_MS = 2_500;

export class DevicesStep {
  #camera;
  #answered;
  #status = null;
  #meter = null;
  #timer = null;
  #failure = null;
  #here = false; // is this the step that is shown
  #opening = false;
  #heard = false;
  #hints = new PictureHints();
  #phone = new PhoneCamera();
  #advisedAt = 0;

  /** `answered()` is called when the box knows which devices there are. */
  constructor(camera, answered) {
    this.#camera = camera;
    this.#answered = answered;
    const on = byId("devices-on");
    on.addEventListener("click", () => busy(on, () => this.#open(null)));
    byId("devices-camera").addEventListener("change", ({ target }) => this.#open(target.value));
    const good = byId("devices-good");
    good.addEventListener("click", () => busy(good, () => this.#tell(true)));
    const without = byId("devices-without");
    without.addEventListener("click", () => busy(without, () => this.#tell(false)));
  }

  async enter(status) {
    this.#here = true;
    this.#status = status;
    const sound = microphoneWanted(status.features);
    const suffix = sound ? "_sound" : "";
    put(document.querySelector('[data-step="devices"] h1'), text(`devices.title${suffix}`));
    put(byId("devices-on"), text(this.#failure ? "devices.again" : `devices.on${suffix}`));
    const records = !status.features.video_snippets || recordingType(sound) !== null;
    const blind = records && status.features.live_view && !canShowLive();
    say(byId("devices-limits"), blind ? text("devices.no_live") : null);
    byId("devices-picture").setAttribute("aria-label", text("devices.picture"));
    this.#drawFailure();
    if (!records) {
      this.#failed("unsupported");
    } else if (!this.#failure && (await alreadyAllowed())) {
      await this.#open(null); // a reload does not ask for what was allowed before
    }
    this.#draw();
    if (this.#timer !== null) this.#look(); // in the language that was just chosen
    const { advice } = byId("devices-light").dataset;
    if (advice) put(byId("devices-light"), text(`light.${advice}`));
  }

  leave() {
    this.#here = false;
    this.#stopShowing();
  }

  #stopShowing() {
    clearInterval(this.#timer);
    this.#timer = null;
    this.#meter?.close();
    this.#meter = null;
    byId("devices-picture").srcObject = null;
  }

  /** Without a `deviceId`: any camera, unless one is on already. (The page's own opening and the
   * candidate's press may meet; a camera that is closed to be opened again can fail.) When the
   * browser does not answer, the page says so and the next press begins anew. */
  async #open(deviceId) {
    if (this.#opening || (deviceId === null && this.#camera.on)) return;
    this.#opening = true;
    say(byId("devices-problem"), null); // the same sentence again is then a new one
    const { features, capture } = this.#status;
    const { opened, answered } = this.#camera.open({
      sound: microphoneWanted(features),
      size: features.face_photo ? PHOTO_SIZE : capture,
      deviceId,
      framesPerSecond: capture.frames_per_second,
    });
    const told = this.#tellOpened(opened, deviceId);
    if (await answered) await told;
    else this.#drawOpened("no_answer");
    this.#opening = false;
  }

  async #tellOpened(opened, deviceId) {
    try {
      if (!(await opened)) return; // closed, or asked for anew
      this.#drawOpened(null);
    } catch (error) {
      this.#drawOpened(whyNot(error));
    }
    if (this.#here && this.#camera.on && deviceId === null) byId("devices-good").focus();
  }

  #drawOpened(failure) {
    this.#failure = failure;
    this.#stopShowing(); // what was shown belonged to the camera before
    this.#drawFailure();
    this.#draw();
  }

  #failed(reason) {
    this.#failure = reason;
    this.#drawFailure();
  }

  #drawFailure() {
    say(byId("devices-problem"), this.#failure && text(`camera.${this.#failure}`));
    byId("devices-without").hidden = this.#failure === null;
    if (this.#failure) put(byId("devices-on"), text("devices.again"));
    const never = this.#failure === "unsupported";
    byId("devices-on").hidden = never;
    say(byId("devices-lead"), never ? null : text("devices.lead"));
    if (this.#failure) this.#phone.offer();
    else this.#phone.hide();
  }

  #draw() {
    const on = this.#camera.on;
    byId("devices-off").hidden = on;
    byId("devices-check").hidden = !on;
    // The candidate may have gone on while the browser was asked for something.
    if (!on || !this.#here || this.#timer !== null) return;
    byId("devices-picture").srcObject = this.#camera.stream;
    this.#hints = new PictureHints();
    this.#drawChoices();
    this.#drawSound();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  async #drawChoices() {
    const choices = await this.#camera.choices();
    byId("devices-choice").hidden = choices.length < 2;
    byId("devices-camera").replaceChildren(
      ...choices.map(({ id, label }, index) => {
        const name = label || text("devices.camera_numbered", { number: index + 1 });
        return new Option(name, id, false, id === this.#camera.chosen);
      }),
    );
  }

  #drawSound() {
    const wanted = microphoneWanted(this.#status.features);
    byId("devices-sound").hidden = !wanted;
    if (!wanted) return;
    const track = this.#camera.microphone();
    byId("devices-meter").hidden = track === null;
    if (track === null) {
      put(byId("devices-heard"), text("devices.no_microphone"));
      return;
    }
    this.#heard = false;
    this.#meter = new SoundMeter(track);
    put(byId("devices-heard"), text("devices.say"));
  }

  #look() {
    this.#advise(this.#hints.look(byId("devices-picture")));
    if (this.#meter === null) return;
    const { percent, heard } = this.#meter.read();
    byId("devices-meter").value = percent;
    this.#heard ||= heard;
    put(byId("devices-heard"), text(this.#heard ? "devices.heard" : "devices.say"));
  }

  /** Advice stays for a moment: a line that changes at every movement makes nobody calm. */
  #advise(found) {
    if (found === null) return;
    const line = byId("devices-light");
    const changed = line.dataset.advice !== found;
    if (changed && Date.now() - this.#advisedAt < ADVICE_STAYS_MS) return;
    if (changed) this.#advisedAt = Date.now();
    line.dataset.advice = found;
    put(line, text(`light.${found}`));
  }

  async #tell(camera) {
    const said = byId("devices-said");
    if (!camera) this.#camera.close();
    try {
      const json = { camera, microphone: camera && this.#camera.microphoneOn };
      await call("POST", "/attempts/me/devices", { json });
    } catch (error) {
      say(camera ? said : byId("devices-problem"), () => sentence(error));
      return;
    }
    say(said, null);
    await this.#answered();
  }
}
