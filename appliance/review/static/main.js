/** Which view the address asks for: `#exam`, `#exam/attempt`, or the list of exams. */

import { enter } from "./api.js";
import { showAttempt } from "./attempt.js";
import { element, show } from "./elements.js";
import { showExam, showExams } from "./exams.js";

async function route() {
  const [exam, attempt] = location.hash.slice(1).split("/");
  try {
    if (attempt) await showAttempt(exam, attempt);
    else if (exam) await showExam(exam);
    else await showExams();
  } catch (error) {
    show(["Error"], element("p", { role: "alert", class: "error" }, error.message));
  }
}

try {
  await enter();
  addEventListener("hashchange", route);
  await route();
} catch (error) {
  show(["Error"], element("p", { role: "alert", class: "error" }, error.message));
}
