/** Which view the address asks for: `#exam`, `#exam/attempt`, or the list of exams. */

import { ask, enter } from "./api.js";
import { showAttempt } from "./attempt.js";
import { element, failure, show } from "./elements.js";
import { showExam, showExams } from "./exams.js";
import { changeLanguage, language, say } from "./words.js";

let leave = () => undefined;

async function route() {
  leave();
  leave = () => undefined;
  const asked = location.hash;
  const [exam, attempt] = asked.slice(1).split("/");
  frame();
  try {
    const desk = await ask("desk");
    document.getElementById("viewer").textContent = desk.viewer;
    notSent(desk.not_sent);
    if (attempt) {
      const left = await showAttempt(exam, attempt, desk);
      if (location.hash === asked) leave = left;
      else left();
    } else if (exam) await showExam(exam);
    else await showExams();
  } catch (error) {
    show([say("error")], failure(error.message));
  }
}

/** The link that was followed is gone: the keyboard goes on at the new content, not at the top. */
async function follow() {
  await route();
  if (document.activeElement === document.body) {
    document.getElementById("main").focus({ preventScroll: true });
  }
}

function frame() {
  document.documentElement.lang = language();
  document.title = `Hallvakt · ${say("review")}`;
  document.getElementById("heading").textContent = say("review");
  document.getElementById("where").setAttribute("aria-label", say("where"));
  document.getElementById("skip").textContent = say("skip");
  document.getElementById("you").textContent = say("viewer");
  document.getElementById("language").textContent = say("language");
}

function notSent(why) {
  const place = document.getElementById("not-sent");
  place.replaceChildren(...(why ? [element("p", {}, say("not-sent", { why }))] : []));
}

document.getElementById("language").addEventListener("click", () => {
  changeLanguage();
  route();
});

try {
  await enter();
  addEventListener("hashchange", follow);
  await route();
} catch (error) {
  show([say("error")], failure(error.message));
}
