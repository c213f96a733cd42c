/** One attempt: who, what was seen, and the videos back to back. */

import { ask, objectAddress } from "./api.js";
import { element, show, time, words } from "./elements.js";
import { Player } from "./player.js";

export async function showAttempt(exam, id) {
  const attempt = await ask(`exams/${exam}/attempts/${id}`);
  const record = attempt.record ?? {};
  const strip = new Map(attempt.snippets.map((s) => [s.sequence, snippetButton(s, open)]));
  const player = new Player(exam, id, attempt.snippets, (sequence) => {
    for (const [number, button] of strip) {
      button.setAttribute("aria-current", String(number === sequence));
    }
  });
  function open(sequence, atS) {
    player.open(sequence, atS).catch(() => undefined);
  }
  show(
    [
      element("a", { href: "#" }, "Exams"),
      element("a", { href: `#${exam}` }, record.title ?? "Exam"),
      `${record.hall ?? ""} ${attempt.seat ?? ""} · ${attempt.pseudonym}`,
    ],
    element(
      "div",
      { class: "attempt" },
      element("section", { "aria-label": "Video" }, player.element, timeline(strip)),
      element(
        "aside",
        {},
        attempt.portrait ? portrait(exam, id) : null,
        facts(record),
        incidents(record, open),
      ),
    ),
  );
  if (attempt.snippets.length) await player.open(attempt.snippets[0].sequence, 0, false);
}

function timeline(strip) {
  return strip.size
    ? element("div", { class: "strip", role: "group", "aria-label": "Timeline" }, ...strip.values())
    : element("p", {}, "No video of this attempt was stored.");
}

function snippetButton(snippet, open) {
  const label = snippet.late ? `${snippet.sequence} late` : time(snippet.started_ms);
  return element("button", { type: "button", click: () => open(snippet.sequence) }, label);
}

function portrait(exam, id) {
  const address = objectAddress(exam, id, "portrait", 0);
  return element("img", { src: address, alt: "Face photo taken at check-in", class: "portrait" });
}

function facts(record) {
  const lines = [
    ["Started", time(record.started_ms)],
    ["Finished", time(record.finished_ms)],
    ["Camera", words(record.camera)],
    ["Extra time", `${record.extra_minutes ?? 0} min`],
    ["Remark", record.remark || "none"],
  ];
  return element(
    "dl",
    {},
    ...lines.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
  );
}

function incidents(record, open) {
  const found = record.incidents ?? [];
  const lines = found.map((incident) => {
    const seen = (record.observations ?? []).filter(
      (o) => o.incident_id === incident.incident_id || !o.incident_id,
    );
    const evidence = seen.flatMap((o) => o.evidence ?? [])[0];
    const said = incident.decision ? words(incident.decision) : "not decided";
    return element(
      "li",
      {},
      element(
        "button",
        { type: "button", disabled: !evidence, click: () => open(evidence.sequence, evidence.at_s) },
        `${time(incident.opened_ms)} ${incident.kinds.map(words).join(", ")}`,
      ),
      element("span", {}, ` ${Math.round(incident.duration_s)} s, ${said}`),
      incident.note ? element("p", { class: "quiet" }, incident.note) : null,
    );
  });
  return element(
    "section",
    {},
    element("h2", {}, "What was seen"),
    lines.length ? element("ul", { class: "list" }, ...lines) : element("p", {}, "Nothing."),
  );
}
