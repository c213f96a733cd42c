// Where in the visit the candidate is. Pure: the box's status and what this page knows go in,
// the name of one step comes out; so a reload at any moment resumes by itself.

const OVER = new Set(["closed", "archived", "purged"]);
const FINISHED = new Set(["handed_in", "ended"]);
// For a last sentence, and for an invigilator to grant more time.
const HAND_IN_AFTER_MS = 60_000;
const LONGEST_ON_ITS_WAY_MS = 30_000;
const WATCHED_BY_A_PERSON = new Set(["missing", "refused", "watched"]);

/** Does this exam use the camera at all? If not, the page does not even ask for it. */
export function cameraWanted(features) {
  return features.video_snippets || features.face_photo || features.live_view;
}

export function microphoneWanted(features) {
  return features.video_snippets && features.audio_presence;
}

/** True when a person watches this seat instead of a camera. */
export function seatWatched(status) {
  return WATCHED_BY_A_PERSON.has(status.camera);
}

export function cameraInUse(status) {
  return cameraWanted(status.features) && !seatWatched(status) && status.notice !== null;
}

/** Did the box say this before what is known? An answer may come behind a call that was made later.
 * Not where its clock was set back by more than any answer takes. */
export function isStale({ server_ms }, known) {
  const behind = known.server_ms - server_ms;
  return behind > 0 && behind < LONGEST_ON_ITS_WAY_MS;
}

export function isOver(status) {
  return OVER.has(status.exam_state) || FINISHED.has(status.attempt_state);
}

export function onBreak(status) {
  return status.attempt_state === "on_break";
}

/** Is this candidate's own time, extra time included, over at `nowMs` of the box's clock? */
export function timeIsUp(status, nowMs) {
  const { exam_state, ends_ms } = status;
  return exam_state === "live" && ends_ms !== null && nowMs >= ends_ms && !isOver(status);
}

/** Over for so long that the page hands in by itself? To be asked with the `server_ms` of what the
 * box said last: more time may have been granted while there was no connection. */
export function handInDue(status, nowMs) {
  return timeIsUp(status, nowMs - HAND_IN_AFTER_MS);
}

/** Snippets are made only in these states; what is switched off does not happen. */
export function recordingWanted(status) {
  return (
    status.features.video_snippets &&
    cameraInUse(status) &&
    status.exam_state === "live" &&
    ["checked_in", "recording"].includes(status.attempt_state)
  );
}

/**
 * `status` is the box's CandidateStatus or null before joining; `page` is
 * `{cameraOn, portraitSkipped, handingIn}`. One of: join, notice, devices, portrait, ready, waiting,
 * live, sending. "done" follows when all is handed in, which only the page itself knows: at the end
 * the last snippet is still being sealed while nothing waits.
 */
export function stepOf(status, page) {
  if (status === null) return "join";
  if (isOver(status) || page.handingIn) return "sending";
  if (status.notice === null && status.camera !== "refused") return "notice";
  const checkingIn = status.attempt_state === "expected";
  if (checkingIn && cameraInUse(status)) {
    if (!page.cameraOn || status.camera !== "working") return "devices";
    if (status.features.face_photo && !status.portrait && !page.portraitSkipped) return "portrait";
  }
  if (checkingIn) return "ready";
  return status.exam_state === "live" ? "live" : "waiting";
}
