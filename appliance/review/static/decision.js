/** What reviewers have decided, and the form in which this one does. */

import { tell } from "./api.js";
import { element, failure } from "./elements.js";
import { standing } from "./exams.js";
import { card } from "./findings.js";
import { day, say, time } from "./words.js";

/** Draws itself anew after a decision. `focus()` puts the cursor where deciding begins. */
export class Decisions {
  constructor(exam, attempt, desk) {
    this.path = `exams/${exam}/attempts/${attempt.attempt}/decisions`;
    this.desk = desk;
    this.element = element("div", { class: "decisions" });
    this.#draw(attempt);
  }

  focus() {
    this.element.querySelector("input, textarea")?.focus();
  }

  #draw(decided) {
    const open = decided.decisions.findLast((d) => d.answers == null);
    const waits = decided.standing === "awaiting_second";
    const form = waits && open.own
      ? element("p", {}, say("second-own"))
      : waits
        ? this.#secondForm(open)
        : this.#form();
    this.element.replaceChildren(
      card(
        say("decisions"),
        element("p", {}, standing(decided.standing)),
        element("ol", { class: "said-list" }, ...decided.decisions.map(line)),
      ),
      card(waits ? say("second") : say("decision"), form),
    );
  }

  #form() {
    const verdicts = ["no_finding", "finding"].map((verdict) =>
      element(
        "label",
        { class: "choice" },
        element("input", { type: "radio", name: "verdict", value: verdict, required: true }),
        say(`verdict-${verdict}`),
      ),
    );
    return this.#sends(
      (form) => ({ verdict: form.get("verdict"), reason: form.get("reason"), answer: form.get("answer") }),
      element("div", { class: "choices" }, ...verdicts),
      this.desk.second_needed ? element("p", { class: "quiet" }, say("finding-hint")) : null,
      area("reason", say("reason"), say("reason-hint"), true),
      area("answer", say("answer"), "", false),
    );
  }

  #secondForm(first) {
    const words = [["yes", "agree"], ["no", "disagree"]].map(([value, name]) =>
      element(
        "label",
        { class: "choice" },
        element("input", { type: "radio", name: "agrees", value, required: true }),
        say(name),
      ),
    );
    return this.#sends(
      (form) => ({
        verdict: "finding",
        reason: form.get("reason"),
        answers: first.number,
        agrees: form.get("agrees") === "yes",
      }),
      element("p", { class: "quiet" }, say("second-hint", { reviewer: first.reviewer })),
      element("div", { class: "choices" }, ...words),
      area("reason", say("reason"), say("reason-hint"), true),
    );
  }

  #sends(read, ...fields) {
    const said = element("div", { role: "status" });
    const send = element("button", { type: "submit", class: "primary" }, say("decide"));
    return element(
      "form",
      {
        submit: async (event) => {
          event.preventDefault();
          send.disabled = true;
          said.replaceChildren(say("signing"));
          try {
            this.#draw(await tell(this.path, read(new FormData(event.target))));
          } catch (error) {
            said.replaceChildren(failure(error.message));
            send.disabled = false;
          }
        },
      },
      ...fields,
      send,
      said,
    );
  }
}

function line(decision) {
  const what = decision.answers == null
    ? say(`verdict-${decision.verdict}`)
    : say(decision.agrees ? "agrees" : "disagrees", { number: decision.answers });
  const when = `${day(decision.decided_ms)} ${time(decision.decided_ms)}`;
  return element(
    "li",
    {},
    element("strong", {}, `${decision.number}. ${what}`),
    element("span", { class: "quiet" }, ` ${decision.reviewer}, ${when}`),
    element("p", {}, decision.reason),
    decision.answer ? element("p", { class: "quiet" }, `${say("answer")}: ${decision.answer}`) : null,
    element("code", { class: "quiet" }, decision.fingerprint),
    decision.known ? null : element("p", { class: "error" }, say("unknown-key")),
  );
}

function area(name, label, hint, required) {
  return element(
    "label",
    { class: "field" },
    element("span", {}, label),
    hint ? element("span", { class: "quiet" }, hint) : null,
    element("textarea", { name, rows: required ? 4 : 2, maxlength: 4000, required }),
  );
}
