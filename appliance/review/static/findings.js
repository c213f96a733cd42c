/** What stands beside the picture: photo, facts, what was noticed, the candidate's remark. */

import { objectAddress } from "./api.js";
import { element } from "./elements.js";
import { marked } from "./watermark.js";
import { say, time } from "./words.js";

export function about(exam, attempt, viewer) {
  const record = attempt.record ?? {};
  const lines = [
    ["pseudonym", attempt.pseudonym],
    ["started", time(record.started_ms)],
    ["finished", time(record.finished_ms)],
    ["camera", say(`camera-${record.camera ?? "unknown"}`)],
    ["extra", say("minutes", { count: record.extra_minutes ?? 0 })],
  ];
  return card(
    say("facts"),
    element(
      "div",
      { class: "about" },
      attempt.portrait ? portrait(exam, attempt.attempt, viewer) : null,
      element(
        "dl",
        {},
        ...lines.flatMap(([name, value]) => [
          element("dt", {}, say(name)),
          element("dd", {}, value),
        ]),
      ),
    ),
  );
}

function portrait(exam, id, viewer) {
  const address = objectAddress(exam, id, "portrait", 0);
  const picture = element("img", {
    src: address,
    alt: say("portrait"),
    class: "portrait",
    draggable: "false", // not onto the desktop, where it would be a file
  });
  return marked("photo", viewer, [picture], 0.6);
}

export function incidentList(marks, look) {
  const lines = marks.map((mark, number) => {
    const { incident } = mark;
    const said = incident.decision ? say(`said-${incident.decision}`) : say("not-decided");
    const seconds = say("seconds", { count: Math.round(incident.duration_s) });
    return element(
      "li",
      {},
      element(
        "button",
        {
          type: "button",
          class: "incident",
          disabled: mark.look == null,
          click: () => look(number),
        },
        element(
          "span",
          { class: `pin ${incident.strength} ${incident.decision ?? "undecided"}` },
          String(number + 1),
        ),
        element(
          "span",
          {},
          element("strong", {}, incident.kinds.map((kind) => say(kind)).join(", ")),
          element("span", { class: "quiet" }, `${time(incident.opened_ms)} · ${seconds} · ${said}`),
        ),
      ),
      incident.note ? element("p", { class: "note" }, incident.note) : null,
      mark.look == null ? element("p", { class: "quiet" }, say("no-picture")) : null,
    );
  });
  return card(
    say("seen"),
    lines.length
      ? element("ol", { class: "incidents" }, ...lines)
      : element("p", { class: "quiet" }, say("nothing")),
  );
}

export function remark(record) {
  return card(
    say("remark"),
    record.remark
      ? element("blockquote", {}, record.remark)
      : element("p", { class: "quiet" }, say("no-remark")),
  );
}

export function card(title, ...children) {
  return element("section", { class: "card" }, element("h2", { class: "card-title" }, title), ...children);
}
