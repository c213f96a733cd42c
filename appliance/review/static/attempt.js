/** One attempt: who, what was noticed, the videos back to back, and what is decided about it. */

import { ask } from "./api.js";
import { controls, keys } from "./controls.js";
import { Decisions } from "./decision.js";
import { element, failure, show } from "./elements.js";
import { about, incidentList, remark } from "./findings.js";
import { Player } from "./player.js";
import { Timeline } from "./timeline.js";
import { marksOf, trackOf } from "./track.js";
import { language, say } from "./words.js";

/** Returns what to call when the view is left. */
export async function showAttempt(exam, id, desk) {
  const attempt = await ask(`exams/${exam}/attempts/${id}`);
  const record = attempt.record ?? {};
  const path = [
    element("a", { href: "#" }, say("exams")),
    element("a", { href: `#${exam}` }, record.title ?? say("exam")),
    `${record.hall ?? ""} ${attempt.seat ?? ""}`,
  ];
  if (attempt.locked) {
    show(path, failure(say(attempt.erased ? "erased" : "locked")));
    return () => undefined;
  }
  const track = trackOf(attempt.snippets, record);
  const marks = marksOf(track, record);
  const decisions = new Decisions(exam, attempt, desk);
  const side = [about(exam, attempt, desk.viewer), remark(record), decisions.element];
  if (!track.pieces.length) {
    show(path, layout(element("p", {}, say("no-video")), incidentList(marks, () => undefined), side, exam, id));
    return () => undefined;
  }
  const player = new Player(exam, id, track, desk.viewer);
  const look = (number) => player.seek(marks[number].look).then(() => player.play());
  const near = 1.5; // seconds: back from just after an incident is the one before it
  const acts = {
    nextIncident: () => {
      const next = marks.findIndex((m) => m.look != null && m.look > player.second + 0.1);
      if (next >= 0) look(next);
    },
    previousIncident: () => {
      const before = marks.findLastIndex((m) => m.look != null && m.look < player.second - near);
      if (before >= 0) look(before);
    },
    decide: () => decisions.focus(),
  };
  const timeline = new Timeline(track, marks, player, look);
  const viewing = element(
    "section",
    { "aria-label": say("video") },
    player.element,
    controls(player, acts),
    timeline.element,
    element("p", { class: "quiet keys" }, say("keys")),
  );
  show(path, layout(viewing, incidentList(marks, look), side, exam, id));
  const stop = keys(player, acts);
  player.seek(0);
  return () => {
    stop();
    player.end();
  };
}

function layout(viewing, incidents, side, exam, id) {
  const report = `/api/exams/${exam}/attempts/${id}/report.pdf?language=${language()}`;
  return element(
    "div",
    { class: "attempt" },
    element("div", { class: "viewing" }, viewing, incidents),
    element(
      "aside",
      {},
      ...side,
      element("p", {}, element("a", { href: report, download: "" }, say("report"))),
    ),
  );
}
