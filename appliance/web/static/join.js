// Joining with the exam code and the seat code, and joining again after a crash.
//
// A page that lost its login offers the codes of last time and waits for a press of the button.
// It does not join by itself: when an invigilator released the seat for another computer, a page
// that came back at once would take it away again.

import { call, sentence } from "./api.js";
import { keyNamed, readFact, writeFact } from "./database.js";
import { busy, byId, say } from "./page.js";
import { signJoin } from "./page_key.js";
import { text } from "./texts.js";

const FACT = "codes";

/** Codes as people type them: any case, with spaces or dashes. */
export function tidy(code) {
  return code.toUpperCase().replace(/[\s-]+/g, "");
}

/** `{exam, seat}` out of the address on the slip; empty strings when they are not there. */
export function codesInAddress() {
  const given = new URLSearchParams(location.search);
  return { exam: tidy(given.get("e") ?? ""), seat: tidy(given.get("s") ?? "") };
}

export class JoinStep {
  #joined;
  #form = byId("join-form");

  /** `joined()` is called once the box has set its cookie. */
  constructor(joined) {
    this.#joined = joined;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      busy(this.#form.querySelector("button"), () => this.#submit());
    });
  }

  fill({ exam, seat }) {
    byId("exam-code").value = exam;
    byId("seat-code").value = seat;
  }

  problem(message) {
    say(byId("join-problem"), message);
    for (const id of ["exam-code", "seat-code"]) {
      byId(id).setAttribute("aria-invalid", String(message !== null));
    }
  }

  async #submit() {
    const exam = tidy(byId("exam-code").value);
    const seat = tidy(byId("seat-code").value);
    if (!exam || !seat) {
      this.problem(text("join.missing"));
      byId(exam ? "seat-code" : "exam-code").focus();
      return;
    }
    try {
      await join(exam, seat);
      // The codes neither stay in the address bar nor in the history.
      history.replaceState(null, "", location.pathname);
      await this.#joined();
    } catch (error) {
      this.problem(sentence(error));
      byId("exam-code").focus();
      return;
    }
    this.problem(null);
    this.fill({ exam: "", seat: "" });
  }
}

async function join(examCode, seatCode) {
  const { nonce } = await call("POST", "/join/challenge", { json: {} });
  const proof = await signJoin(examCode, seatCode, nonce);
  await call("POST", "/join", {
    json: { exam_code: examCode, seat_code: seatCode, nonce, ...proof },
  });
  await rememberCodes(examCode, seatCode);
}

// The seat code lets a page into the exam, so it lies on this computer's disk sealed only.
function codesKey() {
  return keyNamed("codes", () =>
    crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]),
  );
}

async function rememberCodes(exam, seat) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify({ exam, seat }));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await codesKey(), plain);
  await writeFact(FACT, { iv, sealed });
}

/** `{exam, seat}` of the last join on this computer, null when there was none. */
export async function rememberedCodes() {
  const kept = await readFact(FACT);
  if (!kept) return null;
  try {
    const { iv, sealed } = kept;
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await codesKey(), sealed);
    return JSON.parse(new TextDecoder().decode(plain));
  } catch {
    return null; // the key was lost with a private window
  }
}
