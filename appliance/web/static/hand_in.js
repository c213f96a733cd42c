// Handing in: the last snippet is kept, the spool is sent, the box is told, and nothing stays on
// this computer.

import { call, Problem, sentence, Unreachable } from "./api.js";
import { forgetEverything } from "./database.js";
import { byId, counted, keepSaying, put } from "./document.js";
import { text } from "./texts.js";

const TRY_AGAIN_MS = 2_000;
// For everybody the time is over, or the exam is closed, in the same moment: so many last snippets
// at once made each wait for all. Recording ends at once; only the sending is spread.
const END_WITHIN_MS = 3_000;
const NOT_ANY_MORE = new Set([403, 404, 409, 410]);

export class HandIn {
  #most = 0;

  /**
   * Resolves with the number of snippets that could not be sent any more. `told` says that the
   * box knows already, `alone` that the candidate ends it and not the exam.
   */
  async run({ capture, spool, uploader, told, alone }) {
    if (!alone) uploader.hold(Math.random() * END_WITHIN_MS);
    await capture.end();
    const lost = await this.#emptied(spool, uploader);
    put(byId("sending-left"), () => text("sending.last"));
    // Also when the exam was closed meanwhile: the box then knows that no more will come.
    while (!told && !(await this.#tell(spool.last))) {
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
    uploader.stop();
    await forgetEverything();
    return lost;
  }

  /** Wait until everything is sent, or until the box has said that it takes nothing more. */
  #emptied(spool, uploader) {
    return new Promise((resolve) => {
      const look = () => {
        this.draw(spool, uploader);
        if (spool.waiting === 0) resolve(uploader.givenUp);
      };
      uploader.addEventListener("changed", look);
      uploader.addEventListener("too-late", () => resolve(spool.waiting + uploader.givenUp));
      uploader.nudge();
      look();
    });
  }

  draw(spool, uploader) {
    this.#most = Math.max(this.#most, spool.waiting);
    const progress = byId("sending-progress");
    progress.max = Math.max(1, this.#most);
    progress.value = this.#most - spool.waiting;
    put(byId("sending-left"), () => counted("sending.one", "sending.left", spool.waiting));
    const { problem, reached } = uploader;
    keepSaying(byId("sending-problem"), () =>
      reached ? problem && sentence(problem) : text("sending.offline"),
    );
  }

  async #tell(lastSequence) {
    try {
      await call("POST", "/attempts/me/hand-in", { json: { last_sequence: lastSequence } });
      return true;
    } catch (error) {
      if (error instanceof Problem && NOT_ANY_MORE.has(error.status)) return true;
      if (error instanceof Unreachable) keepSaying(byId("sending-problem"), () => text("sending.offline"));
      return false;
    }
  }
}
