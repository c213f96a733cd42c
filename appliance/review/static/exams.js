/** The list of exams, and the list of attempts of one. */

import { ask } from "./api.js";
import { element, show } from "./elements.js";
import { day, say, time } from "./words.js";

export async function showExams() {
  const exams = await ask("exams");
  show(
    [say("exams")],
    exams.length
      ? element("ul", { class: "cards" }, ...exams.map(examCard))
      : element("p", {}, say("no-exams")),
  );
}

function examCard(exam) {
  return element(
    "li",
    {},
    element(
      "a",
      { href: `#${exam.exam}`, class: "card" },
      element("strong", {}, say("exam-of", { day: day(exam.closed_ms) })),
      element("span", {}, time(exam.closed_ms)),
      element("span", { class: "quiet" }, say(exam.opens ? `state-${exam.state}` : "locked")),
      element("code", { class: "quiet" }, exam.exam.slice(0, 8)),
    ),
  );
}

const FILTERS = {
  all: () => true,
  incidents: (attempt) => attempt.incidents > 0,
  open: (attempt) => !attempt.locked && attempt.standing === "open",
  second: (attempt) => attempt.standing === "awaiting_second",
};

export async function showExam(id) {
  const exam = await ask(`exams/${id}`);
  const body = element("tbody");
  const choice = element("div", { class: "segments", role: "group", "aria-label": say("filter") });
  function choose(name) {
    const found = exam.attempts.filter(FILTERS[name]);
    body.replaceChildren(...found.map((attempt) => attemptLine(id, attempt)));
    for (const button of choice.children) {
      button.setAttribute("aria-pressed", String(button.dataset.filter === name));
    }
  }
  for (const [name, fits] of Object.entries(FILTERS)) {
    const count = exam.attempts.filter(fits).length;
    const label = `${say(`filter-${name}`)} ${count}`;
    choice.append(
      element(
        "button",
        { type: "button", "data-filter": name, click: () => choose(name) },
        label,
      ),
    );
  }
  choose("all");
  show(
    [element("a", { href: "#" }, say("exams")), exam.title ?? say("exam")],
    element("h2", { class: "title" }, exam.title ?? say("exam")),
    choice,
    element(
      "div",
      { class: "wide" },
      element(
        "table",
        {},
        element(
          "thead",
          {},
          row("th", ...["seat", "hall", "pseudonym", "videos", "incidents", "standing"].map((n) => say(n))),
        ),
        body,
      ),
    ),
    element(
      "details",
      { class: "proof" },
      element("summary", {}, `✓ ${say("proof")} `, element("code", {}, exam.fingerprint)),
      element("p", {}, say("proof-card")),
      element("p", {}, `${say("proof-root")}: `, element("code", {}, exam.root)),
    ),
  );
}

function attemptLine(exam, attempt) {
  if (attempt.locked) {
    const why = say(attempt.erased ? "erased" : "locked");
    return row("td", "", "", attempt.pseudonym, String(attempt.snippets), "", why);
  }
  const link = element("a", { href: `#${exam}/${attempt.attempt}` }, attempt.seat);
  const confirmed = attempt.confirmed ? say("confirmed", { count: attempt.confirmed }) : "";
  const incidents = attempt.incidents
    ? element("span", {}, pips(attempt), ` ${confirmed}`)
    : element("span", { class: "quiet" }, say("none"));
  return row(
    "td",
    link,
    attempt.hall,
    element("code", {}, attempt.pseudonym),
    String(attempt.snippets),
    incidents,
    standing(attempt.standing),
  );
}

function pips(attempt) {
  return element("span", { class: "badge" }, String(attempt.incidents));
}

export function standing(name) {
  return element("span", { class: `standing ${name}` }, say(`standing-${name}`));
}

function row(cell, ...contents) {
  return element("tr", {}, ...contents.map((content) => element(cell, {}, content)));
}
