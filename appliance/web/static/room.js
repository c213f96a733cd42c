// The page while the candidate waits and works: strip, trouble, messages, hand, hand in.

import { boxClock } from "./clock.js";
import { announce, byId, put } from "./document.js";
import { Hand } from "./hand.js";
import { drawStrip, linkWords, recordingWords } from "./strip.js";
import { currentLanguage, text } from "./texts.js";
import { onBreak, seatWatched, timeIsUp } from "./visit.js";

const SAID_AFTER_MS = 5_000; // a short loss of the link is not worth a word

export class RoomStep {
  #hand;
  #spoken = { recording: null, watched: null, hand: null, over: null, up: null };
  #handWord = null;
  #linkLostAt = null;
  #messages = new Set();

  /** `handIn()` when the candidate has said so twice; `fixCamera()` to try the camera again. */
  constructor(channel, { handIn, fixCamera }) {
    this.#hand = new Hand(channel);
    byId("hand").addEventListener("click", () => {
      this.#hand.press();
      this.#drawHand();
    });
    byId("trouble-fix").addEventListener("click", fixCamera);
    byId("hand-in").addEventListener("click", () => this.#askHandIn(true));
    byId("hand-in-no").addEventListener("click", () => this.#askHandIn(false));
    byId("hand-in-yes").addEventListener("click", () => {
      this.#askHandIn(false);
      handIn();
    });
    channel.addEventListener("message", ({ detail }) => {
      if (this.#message(detail)) announce(`${text("messages.title")}: ${detail.text}`);
    });
  }

  /** `now` is `{step, status, recording, sound, link, trouble, givenUp}`. */
  draw(state) {
    const now = { ...state, link: { ...state.link, up: this.#linkForEyes(state.link.up) } };
    const { status } = now;
    this.#drawHeading(now);
    drawStrip(now);
    this.#drawTrouble(now);
    for (const message of status.messages) this.#message(message);
    this.#hand.heard(status);
    byId("hand").setAttribute("aria-pressed", String(status.hand_raised));
    byId("hand-in").hidden = now.step !== "live" || !byId("hand-in-sure").hidden;
    this.#speak(now);
    this.#drawHand();
  }

  /** That it waits is said once. */
  #drawHand() {
    const { word } = this.#hand;
    const words = text(`hand.${word}`);
    put(byId("hand"), words);
    if (word === "waits" && this.#handWord !== word) announce(words);
    this.#handWord = word;
  }

  #drawHeading({ step, status, phone }) {
    const over = timeIsUp(status, boxClock.now());
    const place = over ? "over" : onBreak(status) ? "break" : step;
    put(byId("room-title"), text(`room.${place}`));
    const films = phone && place === step && !seatWatched(status);
    put(byId("room-lead"), text(films ? "room.phone_lead" : `room.${place}_lead`));
  }

  #linkForEyes(up) {
    if (up) this.#linkLostAt = null;
    else this.#linkLostAt ??= Date.now();
    return up || Date.now() - this.#linkLostAt < SAID_AFTER_MS;
  }

  #drawTrouble({ trouble, status, givenUp }) {
    let sentence = "";
    let fixable = false;
    if (trouble) {
      sentence = text(`trouble.${trouble}`);
      fixable = trouble === "camera";
    } else if (givenUp > 0) {
      sentence = text("strip.given_up");
    }
    put(byId("trouble-text"), sentence);
    const fix = byId("trouble-fix");
    // Who pressed it by keyboard would be nowhere when it goes.
    if (!fixable && document.activeElement === fix) byId("room-title").focus({ preventScroll: true });
    fix.hidden = !fixable;
    byId("trouble").hidden = sentence === "";
  }

  /** Only what changed, and only what matters without looking. */
  #speak({ status, recording, sound, link }) {
    const hand = status.hand_raised;
    // Without the minutes of a break: they would be read out every second.
    const { key } = recordingWords(status, recording, sound);
    const words = text(key === "strip.break" ? "strip.break_begun" : key);
    const watched = status.watchers > 0;
    const news = [];
    if (this.#spoken.recording !== null && this.#spoken.recording !== words) news.push(words);
    if (this.#spoken.watched !== null && this.#spoken.watched !== watched) {
      news.push(text(watched ? "strip.somebody" : "strip.nobody"));
    }
    if (this.#spoken.up !== null && this.#spoken.up !== link.up) news.push(linkWords(link).sentence);
    if (this.#spoken.hand === false && hand) news.push(text("hand.raised"));
    const over = timeIsUp(status, boxClock.now());
    if (this.#spoken.over === false && over) news.push(text("room.over"), text("room.over_lead"));
    this.#spoken = { recording: words, watched, hand, over, up: link.up };
    if (news.length) announce(news.join(". "));
  }

  /** False for one that stands there already: the box tells the last ones again with its status. */
  #message({ text: words, at }) {
    const known = `${at} ${words}`;
    if (this.#messages.has(known)) return false;
    this.#messages.add(known);
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.dateTime = new Date(at).toISOString();
    time.textContent = new Date(at).toLocaleTimeString(currentLanguage(), {
      hour: "2-digit",
      minute: "2-digit",
      hour12: false,
    });
    item.append(time, " ", words);
    byId("messages-list").prepend(item);
    byId("messages").hidden = false;
    return true;
  }

  #askHandIn(open) {
    byId("hand-in-sure").hidden = !open;
    byId("hand-in").hidden = open;
    (open ? byId("hand-in-sure").querySelector("h2") : byId("hand-in")).focus();
  }
}
