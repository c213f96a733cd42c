// Joining with the exam code and the seat code, and joining again after a crash.
//
// A page that lost its login offers the codes of last time and waits for a press of the button.
// It does not join by itself: when an invigilator released the seat for another computer, a page
// that came back at once would take it away again.

import { call, sentence } from "./api.js";
import { keyNamed, readFact, writeFact } from "./database.js";
import { busy, byId, say } from "./document.js";
import { signJoin } from "./page_key.js";
import { text } from "./texts.js";

const FACT = "codes";
const PHONE = "phone"; // is this the phone that films for a computer?
const ASK_AGAIN_MS = 5_000;
const TYPING_MS = 10_000;
// What only a person in the hall can settle: the page waits and asks again by itself.
const WAITS_FOR_A_PERSON = new Set(["seat-taken", "late-admission"]);
const ASKS_FOR_HALL_CODE = new Set(["hall-code-missing", "hall-code-wrong"]);

/** Codes as people type them: any case, with spaces or dashes. */
export function tidy(code) {
  return code.toUpperCase().replace(/[\s-]+/g, "");
}

/** `{exam, seat, takeover, phone}` out of the address on the slip, or of the code that moves the page to
 * another device; empty strings when they are not there. */
export function codesInAddress() {
  const given = new URLSearchParams(location.search);
  const code = (name) => tidy(given.get(name) ?? "");
  return { exam: code("e"), seat: code("s"), takeover: code("t"), phone: given.has("p") };
}

export class JoinStep {
  #joined;
  #form = byId("join-form");
  #timer = null;
  #typedAt = 0;

  /** `joined()` is called once the box has set its cookie. */
  constructor(joined) {
    this.#joined = joined;
    this.#form.addEventListener("input", () => {
      this.#typedAt = Date.now();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#stopWaiting();
      busy(this.#form.querySelector("button"), () => this.#submit());
    });
  }

  fill({ exam, seat, takeover = "" }) {
    byId("exam-code").value = exam;
    byId("seat-code").value = seat;
    byId("hall-code").value = "";
    byId("takeover-code").value = takeover;
    byId("hall-code-field").hidden = true;
    byId("takeover-field").hidden = takeover === "";
  }

  problem(message) {
    say(byId("join-problem"), message);
    for (const id of ["exam-code", "seat-code", "hall-code"]) {
      byId(id).setAttribute("aria-invalid", String(message !== null));
    }
  }

  async #submit() {
    const codes = {
      exam: tidy(byId("exam-code").value),
      seat: tidy(byId("seat-code").value),
      hall: tidy(byId("hall-code").value),
      takeover: tidy(byId("takeover-code").value),
    };
    if (!codes.exam || !codes.seat) {
      this.problem(() => text("join.missing"));
      byId(codes.exam ? "seat-code" : "exam-code").focus();
      return;
    }
    try {
      await join(codes);
      await writeFact(PHONE, codesInAddress().phone);
      // The codes neither stay in the address bar nor in the history.
      history.replaceState(null, "", location.pathname);
      await this.#joined();
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.problem(null);
    this.fill({ exam: "", seat: "" });
  }

  #failed(error) {
    this.problem(() => sentence(error));
    const { code } = error;
    if (ASKS_FOR_HALL_CODE.has(code)) this.#ask("hall-code-field", "hall-code");
    else if (!WAITS_FOR_A_PERSON.has(code)) byId("exam-code").focus();
    if (!WAITS_FOR_A_PERSON.has(code)) return;
    byId("takeover-field").hidden = code !== "seat-taken";
    // Unless somebody types just now: their own press counts. (Where the focus lies says little.)
    this.#timer = setTimeout(() => {
      if (Date.now() - this.#typedAt < TYPING_MS) this.#failed(error);
      else this.#form.requestSubmit();
    }, ASK_AGAIN_MS);
  }

  #ask(field, input) {
    byId(field).hidden = false;
    byId(input).value = "";
    byId(input).focus();
  }

  #stopWaiting() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }
}

export const onPhone = () => readFact(PHONE);

async function join({ exam, seat, hall, takeover }) {
  const { nonce } = await call("POST", "/join/challenge", { json: {} });
  const proof = await signJoin(exam, seat, nonce);
  const more = {
    ...(hall ? { hall_code: hall } : {}),
    ...(takeover ? { takeover_code: takeover } : {}),
  };
  await call("POST", "/join", {
    json: { exam_code: exam, seat_code: seat, nonce, ...proof, ...more },
  });
  await rememberCodes(exam, seat);
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
