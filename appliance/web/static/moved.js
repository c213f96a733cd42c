// This page's seat has moved to another computer, or to the candidate's phone: recording ends here,
// what is kept here is still sent, and then nothing stays. Of the phone it is told how it does.

import { call, Problem } from "./api.js";
import { forgetEverything } from "./database.js";
import { counted, byId, put, say, show } from "./document.js";
import { text } from "./texts.js";

const ASK_EVERY_MS = 3_000;

export class Moved {
  #waiting = 0;
  #sent = false;
  // Is it the candidate's own?
  #phone = false;
  #films = null; // the words on the phone
  #over = false;

  constructor() {
    // Not a plain reload: the box would say again that the seat is elsewhere.
    byId("moved-again").addEventListener("click", () => location.replace("/?again"));
  }

  /** Shown until the page is left. `spool` is null when nothing is left to send. */
  async run({ capture, spool, uploader }) {
    const paused = capture.pause();
    this.draw();
    show("moved");
    await Promise.all([paused, this.#ask()]);
    if (spool !== null) await this.#sendAll(spool, uploader);
    await forgetEverything();
    this.#sent = true;
    this.draw();
  }

  draw() {
    const which = this.#phone ? "phone.moved_" : "moved.";
    put(byId("moved-title"), text(`${which}title`));
    put(byId("moved-lead"), text(`${which}lead`));
    put(
      byId("moved-left"),
      this.#sent ? text("done.body") : counted("sending.one", "sending.left", this.#waiting),
    );
    byId("moved-again").hidden = !this.#sent;
    const films = byId("moved-films");
    say(films, this.#phone && this.#films ? text(this.#films) : null);
    films.classList.toggle("problem", this.#films === "phone.dark");
    if (films.textContent) document.title = films.textContent; // seen behind other windows
  }

  #sendAll(spool, uploader) {
    return new Promise((resolve) => {
      const end = () => {
        uploader.stop();
        resolve();
      };
      const look = () => {
        this.#waiting = spool.waiting;
        this.draw();
        if (spool.waiting === 0) end();
      };
      uploader.addEventListener("changed", look);
      uploader.addEventListener("too-late", end);
      uploader.nudge();
      look();
    });
  }

  async #ask() {
    try {
      const now = await call("GET", "/attempts/me/elsewhere");
      this.#phone = now.phone;
      this.#over = now.over;
      this.#films = now.over ? "phone.over" : now.filming ? "phone.films" : "phone.dark";
    } catch (error) {
      this.#over = error instanceof Problem;
      this.#films = this.#over ? null : "problem.unreachable";
    }
    this.draw();
    const unknown = this.#films === "problem.unreachable";
    if (!this.#over && (this.#phone || unknown)) setTimeout(() => this.#ask(), ASK_EVERY_MS);
  }
}

/** Has the seat of this page moved to the candidate's phone? */
export async function movedToPhone() {
  return (await call("GET", "/attempts/me/elsewhere").catch(() => null))?.phone === true;
}
