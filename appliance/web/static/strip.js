// The status strip: what is on, in plain words.

import { boxClock } from "./clock.js";
import { byId, clockTime, counted, put } from "./document.js";
import { text } from "./texts.js";
import { isOver, onBreak, seatWatched } from "./visit.js";

/** What the strip says about recording: `{on, key}`. Pure. */
export function recordingWords(status, recording, sound) {
  if (recording) return { on: true, key: sound ? "strip.recording_sound" : "strip.recording" };
  const off = (key) => ({ on: false, key });
  if (!status.features.video_snippets) return off("strip.no_recording");
  if (isOver(status)) return off("strip.finished");
  if (onBreak(status)) return off("strip.break");
  if (status.camera === "refused" || seatWatched(status)) return off("strip.watched_seat");
  if (status.exam_state !== "live") return off("strip.not_yet");
  return off("strip.camera_off");
}

/** What it says about the link. `link` is `{up, reached, waiting, busy}`. Pure. */
export function linkWords({ up, waiting, busy }) {
  if (!up) return { on: false, sentence: text("strip.link_down") };
  if (busy) return { on: false, sentence: text("strip.link_busy") };
  // One part is nearly always on its way; that is nothing to tell.
  if (waiting <= 1) return { on: true, sentence: text("strip.link_up") };
  const sentence = counted("strip.link_waiting_one", "strip.link_waiting", waiting);
  return { on: true, sentence };
}

/** How long the break has lasted. Empty when there is none. */
function sinceBreak({ break_started_ms: began }) {
  return began === null ? "" : clockTime(boxClock.now() - began);
}

function line(id, on, sentence) {
  const item = byId(id);
  item.hidden = sentence === null;
  if (sentence === null) return;
  item.classList.toggle("on", on);
  put(item.querySelector(".said"), sentence);
}

/** Draw everything. `now` is `{status, recording, sound, link}`. */
export function drawStrip({ status, recording, sound, link }) {
  const said = recordingWords(status, recording, sound);
  line("strip-recording", said.on, text(said.key, { time: sinceBreak(status) }));
  const watched = status.watchers > 0;
  const live = status.features.live_view;
  line("strip-watched", watched, live ? text(watched ? "strip.somebody" : "strip.nobody") : null);
  line("strip-hand", true, status.hand_raised ? text("hand.raised") : null);
  const linked = linkWords(link);
  line("strip-link", linked.on, linked.sentence);
  drawTime(status);
  const { dataset } = byId("strip");
  dataset.recording = String(recording);
  dataset.watchers = String(status.watchers);
  dataset.link = link.up ? "up" : "down";
}

/** The time left; called every second, and silent to screen readers that do not ask. */
export function drawTime(status) {
  if (status.ends_ms === null || isOver(status)) {
    line("strip-time", false, null);
    return;
  }
  const left = status.ends_ms - boxClock.now();
  const sentence = left > 0 ? text("strip.time", { time: clockTime(left) }) : text("strip.time_over");
  line("strip-time", left > 0, sentence);
}
