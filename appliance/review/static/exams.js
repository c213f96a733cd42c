/** The list of exams, and the list of attempts of one. */

import { ask } from "./api.js";
import { day, element, show } from "./elements.js";

export async function showExams() {
  const exams = await ask("exams");
  show(
    ["Exams"],
    exams.length
      ? element("ul", { class: "list" }, ...exams.map(examLine))
      : element("p", {}, "The cloud copy holds no exam."),
  );
}

function examLine(exam) {
  return element(
    "li",
    {},
    element("a", { href: `#${exam.exam}` }, `Exam of ${day(exam.closed_ms)}`),
    element("span", { class: "quiet" }, ` ${exam.exam.slice(0, 8)}, ${exam.state}`),
  );
}

export async function showExam(id) {
  const exam = await ask(`exams/${id}`);
  show(
    [element("a", { href: "#" }, "Exams"), exam.title ?? "Exam"],
    element(
      "p",
      { class: "proof" },
      "Complete and unchanged, as signed by the box ",
      element("code", {}, exam.fingerprint),
      ". Compare with the box's card. Root for the paper exam record: ",
      element("code", {}, exam.root),
    ),
    element(
      "table",
      {},
      element("thead", {}, row("th", "Hall", "Seat", "Pseudonym", "Videos", "Incidents")),
      element("tbody", {}, ...exam.attempts.map((attempt) => attemptLine(id, attempt))),
    ),
  );
}

function attemptLine(exam, attempt) {
  if (attempt.locked) {
    return row("td", "", "", attempt.pseudonym, attempt.snippets, "your key does not open this");
  }
  const link = element("a", { href: `#${exam}/${attempt.attempt}` }, attempt.seat);
  const incidents = attempt.incidents
    ? `${attempt.incidents}, ${attempt.confirmed} confirmed`
    : "none";
  return row("td", attempt.hall, link, attempt.pseudonym, attempt.snippets, incidents);
}

function row(cell, ...contents) {
  return element("tr", {}, ...contents.map((content) => element(cell, {}, content)));
}
