// The state machine of the visit: the box's status comes in, one step is shown.

import { AfterwardsStep } from "./afterwards.js";
import { call, Problem, sentence } from "./api.js";
import { Beat } from "./beat.js";
import { Camera } from "./camera.js";
import { Capture } from "./capture.js";
import { Channel } from "./channel.js";
import { boxClock } from "./clock.js";
import { readFact, writeFact } from "./database.js";
import { DevicesStep } from "./devices.js";
import { HandIn } from "./hand_in.js";
import { count, drawDone, drawHead } from "./headline.js";
import { codesInAddress, JoinStep, onPhone, rememberedCodes } from "./join.js";
import { LiveViews } from "./live_view.js";
import { Moved, movedToPhone } from "./moved.js";
import { NoticeStep } from "./notice.js";
import { alone } from "./one_page.js";
import { byId, put, sayAgain, show } from "./document.js";
import { PortraitStep } from "./portrait.js";
import { RoomStep } from "./room.js";
import { Spool } from "./spool.js";
import { drawTime } from "./strip.js";
import { choose, otherLanguage, text, translatePage } from "./texts.js";
import { Uploader } from "./uploader.js";
import { cameraInUse, handInDue, isOver, isStale, onBreak, stepOf } from "./visit.js";

const ASK_CONNECTED_MS = 60_000; // keeps the clocks together
const ASK_DISCONNECTED_MS = 5_000;

class Visit {
  #status = null;
  #spool = null;
  #uploader = null;
  #page = { cameraOn: false, portraitSkipped: false, handingIn: false };
  #pressed = false; // the button to hand in, in this page
  #step = null;
  #lost = 0; // snippets that could not be sent any more
  #finished = false;
  #moved = null;
  #phone = false; // this is the phone that films for a computer
  #askAt = 0;
  #endAskedAt = 0;
  #beat = new Beat();
  #camera = new Camera();
  #capture = new Capture(this.#camera, this.#beat);
  #channel = new Channel();
  #handIn = new HandIn();
  #afterwards = new AfterwardsStep();
  #live = new LiveViews(this.#channel, this.#camera, this.#beat, () => this.#mayBeSeen());
  #join = new JoinStep(() => this.#joined());
  #notice = new NoticeStep(() => this.#ask());
  #devices = new DevicesStep(this.#camera, () => this.#ask());
  #portrait = new PortraitStep(
    this.#camera,
    () => this.#ask(),
    () => this.#skipPortrait(),
  );
  #room = new RoomStep(this.#channel, {
    handIn: () => {
      this.#pressed = true;
      this.#beginHandIn();
    },
    fixCamera: () => this.#capture.retry(),
  });

  constructor() {
    this.#channel.addEventListener("status", ({ detail }) => this.#heard(detail));
    this.#channel.addEventListener("taken_over", () => this.#takenOver());
    this.#channel.addEventListener("up", () => this.#lineChanged(true));
    this.#channel.addEventListener("down", () => this.#lineChanged(false));
    this.#capture.addEventListener("changed", () => {
      this.#uploader?.nudge();
      this.#draw();
    });
    let ticks = 0;
    this.#beat.addEventListener("beat", () => {
      ticks += 1;
      if (ticks % 10 === 0) this.#everySecond();
    });
    this.#beat.addEventListener("jump", () => this.#timeJumped());
    addEventListener("online", () => this.#tryAtOnce());
    addEventListener("beforeunload", (event) => {
      if (this.#capture.recording || (!this.#finished && this.#spool?.waiting > 0)) {
        event.preventDefault();
      }
    });
    byId("language").addEventListener("click", () => this.#switchLanguage());
    this.#translate();
  }

  /** Go on where this candidate was, or ask for the codes. */
  async begin() {
    const given = codesInAddress();
    const before = await rememberedCodes();
    const another = given.seat !== "" && before !== null && before.seat !== given.seat;
    this.#join.fill(given.seat || before === null ? given : before);
    const again = new URLSearchParams(location.search).has("again");
    if (another || again || !(await this.#knownToTheBox())) {
      this.#draw();
      return;
    }
    await this.#joined();
  }

  async #knownToTheBox() {
    for (;;) {
      try {
        this.#status = await call("GET", "/attempts/me");
        return true;
      } catch (error) {
        if (error instanceof Problem && [401, 403].includes(error.status)) {
          if (error.code === "taken-over") await this.#sendTheRest();
          return false;
        }
        put(byId("loading-why"), () => sentence(error));
        await new Promise((resolve) => setTimeout(resolve, ASK_DISCONNECTED_MS));
      }
    }
  }

  async #joined() {
    this.#status = await call("GET", "/attempts/me");
    const { attempt, acknowledged, next_sequence: next } = this.#status;
    await writeFact("attempt", attempt);
    this.#spool = await Spool.open(attempt, next - 1);
    this.#uploader = new Uploader(this.#spool);
    this.#uploader.acknowledged = acknowledged;
    this.#uploader.addEventListener("changed", () => this.#draw());
    this.#uploader.addEventListener("login", () => this.#released());
    this.#phone = (await onPhone()) === true;
    document.onvisibilitychange = () => this.#capture.screen(document.hidden, this.#phone);
    if (this.#phone) this.#capture.retry(); // it said that its camera is off when it was closed
    this.#page.handingIn = (await readFact(`handing-in-${attempt}`)) === true;
    this.#channel.open();
    this.#uploader.nudge();
    this.#apply();
  }

  async #ask() {
    this.#askAt = Date.now() + (this.#channel.up ? ASK_CONNECTED_MS : ASK_DISCONNECTED_MS);
    try {
      this.#heard(await call("GET", "/attempts/me"));
    } catch (error) {
      if (error.code === "taken-over") await this.#takenOver();
      else if (error instanceof Problem && error.status === 401) await this.#released();
      else this.#askAt = Date.now() + ASK_DISCONNECTED_MS;
    }
  }

  #heard(status) {
    if (this.#spool === null || this.#finished || isStale(status, this.#status)) return;
    this.#status = status;
    this.#apply();
  }

  #apply() {
    if (!this.#page.handingIn) this.#capture.follow(this.#status, this.#spool);
    if (!this.#mayBeSeen()) this.#live.endAll();
    this.#draw();
  }

  #draw() {
    if (this.#moved) return;
    this.#page.cameraOn = this.#camera.on;
    const step = this.#finished ? "done" : stepOf(this.#status, this.#page);
    drawHead(this.#status);
    count(this.#spool, this.#uploader);
    if (step !== this.#step) this.#change(step);
    if (step === "waiting" || step === "live") this.#drawRoom(step);
  }

  #change(step) {
    if (this.#step === "devices") this.#devices.leave();
    if (this.#step === "portrait") this.#portrait.leave();
    this.#step = step;
    switch (step) {
      case "notice":
        this.#notice.enter();
        break;
      case "devices":
        this.#devices.enter(this.#status);
        break;
      case "portrait":
        this.#portrait.enter();
        break;
      case "ready":
        this.#sayReady();
        return;
      case "waiting":
      case "live":
        show("room");
        return;
      case "sending":
        this.#finish();
        break;
      case "done":
        drawDone(this.#status, this.#lost);
        break;
    }
    show(step);
  }

  #drawRoom(step) {
    const microphone = this.#camera.microphoneOn;
    this.#room.draw({
      step,
      status: this.#status,
      recording: this.#capture.recording,
      sound: microphone,
      phone: this.#phone,
      link: {
        up: this.#channel.up && this.#uploader.reached,
        waiting: this.#spool.waiting,
        busy: this.#uploader.problem !== null && this.#spool.waiting > 1,
      },
      trouble: this.#capture.trouble ?? (this.#uploader.useless ? "refused" : null),
      givenUp: this.#uploader.givenUp,
    });
  }

  async #sayReady() {
    try {
      await call("POST", "/attempts/me/ready", { json: {} });
    } catch (error) {
      show("loading");
      put(byId("loading-why"), () => sentence(error));
      this.#step = null;
      await new Promise((resolve) => setTimeout(resolve, ASK_DISCONNECTED_MS));
    }
    await this.#ask();
  }

  #skipPortrait() {
    this.#page.portraitSkipped = true;
    this.#draw();
  }

  async #beginHandIn() {
    await writeFact(`handing-in-${this.#status.attempt}`, true);
    this.#page.handingIn = true;
    this.#draw();
  }

  async #finish() {
    this.#page.handingIn = true;
    this.#live.endAll();
    this.#lost = await this.#handIn.run({
      capture: this.#capture,
      spool: this.#spool,
      uploader: this.#uploader,
      told: this.#status.attempt_state === "handed_in",
      alone: this.#pressed,
    });
    if (!isOver(this.#status)) this.#status = { ...this.#status, attempt_state: "handed_in" };
    this.#finished = true;
    this.#channel.close();
    this.#draw();
    drawDone(this.#status, this.#lost);
    await this.#afterwards.enter();
  }

  /** The box no longer knows this page: the seat was released. The spool stays. */
  async #released() {
    if (this.#spool === null || this.#finished) return;
    this.#uploader.stop();
    this.#channel.close();
    this.#status = null;
    this.#spool = null;
    await this.#capture.pause();
    const codes = await rememberedCodes();
    if (codes) this.#join.fill(codes);
    this.#draw();
    this.#join.problem(() => text("join.released"));
  }

  /** The seat has moved to another computer. */
  async #takenOver() {
    if (this.#spool === null || this.#finished) return;
    this.#finished = true;
    this.#channel.close();
    this.#live.endAll();
    await this.#move(this.#spool, this.#uploader);
  }

  /** Moved, and reloaded before all was sent. */
  async #sendTheRest() {
    const attempt = await readFact("attempt");
    const spool = attempt ? await Spool.open(attempt, 0) : null;
    if (spool?.waiting) await this.#move(spool, new Uploader(spool));
    else if (await movedToPhone()) await this.#move(null, null);
  }

  #move(spool, uploader) {
    this.#moved = new Moved();
    return this.#moved.run({ capture: this.#capture, spool, uploader });
  }

  #mayBeSeen() {
    const status = this.#status;
    return (
      status !== null &&
      status.features.live_view &&
      cameraInUse(status) &&
      !isOver(status) &&
      !onBreak(status) &&
      !this.#page.handingIn
    );
  }

  #lineChanged(up) {
    if (up) this.#uploader?.hurry();
    this.#askAt = 0;
    this.#draw();
  }

  #everySecond() {
    if (this.#spool === null || this.#finished) return;
    if (Date.now() >= this.#askAt) this.#ask();
    this.#channel.look();
    this.#channel.tellWaiting(this.#spool.waiting);
    if (this.#step === "waiting" || this.#step === "live") {
      this.#drawRoom(this.#step);
      drawTime(this.#status);
      this.#handInWhenDue();
    }
  }

  /** The candidate's own time is over: calmly, and only on the box's own word. */
  #handInWhenDue() {
    if (handInDue(this.#status, this.#status.server_ms)) {
      this.#beginHandIn();
    } else if (
      handInDue(this.#status, boxClock.now()) &&
      Date.now() - this.#endAskedAt >= ASK_DISCONNECTED_MS
    ) {
      this.#endAskedAt = Date.now();
      this.#ask();
    }
  }

  #timeJumped() {
    boxClock.forget();
    this.#askAt = 0;
    this.#channel.renew();
    this.#uploader?.hurry();
  }

  #tryAtOnce() {
    this.#channel.nudge();
    this.#uploader?.hurry();
  }

  #translate() {
    translatePage();
    const button = byId("language");
    button.textContent = text("language.other");
    button.lang = otherLanguage();
  }

  #switchLanguage() {
    choose(otherLanguage());
    this.#translate();
    sayAgain();
    this.#moved?.draw();
    if (this.#step === "notice") this.#notice.enter();
    if (this.#step === "devices") this.#devices.enter(this.#status);
    if (this.#step === "portrait") this.#portrait.enter();
    if (this.#step === "done") {
      drawDone(this.#status, this.#lost);
      this.#afterwards.enter();
    }
    this.#draw();
  }
}

if (!globalThis.hallvaktUnsupported) {
  const visit = new Visit();
  await alone();
  show("loading");
  await visit.begin();
}
