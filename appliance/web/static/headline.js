// What stands around the steps: whose page it is, the last words, and the numbers of this visit.

import { byId, put, say } from "./document.js";
import { text } from "./texts.js";

export function drawHead(status) {
  put(byId("exam-title"), status?.title ?? "Hallvakt");
  say(byId("seat"), status ? `${status.hall} · ${status.seat}` : null);
  document.title = status ? `${status.seat} · ${status.title}` : "Hallvakt";
}

/** `lost`: how many snippets could not be sent any more. */
export function drawDone(status, lost) {
  const ended = status?.attempt_state === "handed_in" ? "" : "ended_";
  put(byId("done-title"), text(`done.${ended}title`));
  const lead = lost
    ? text("done.some_missing_lead", { count: lost })
    : text(`done.${ended}lead`);
  put(byId("done-lead"), lead);
}

/** For whoever watches the page from outside. */
export function count(spool, uploader) {
  const { dataset } = byId("strip");
  dataset.recorded = String(spool?.last ?? 0);
  dataset.waiting = String(spool?.waiting ?? 0);
  dataset.acknowledged = String(uploader?.acknowledged ?? 0);
  dataset.sentBytes = String(uploader?.sentBytes ?? 0);
  dataset.givenUp = String(uploader?.givenUp ?? 0);
}
