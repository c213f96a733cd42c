// This page's seat has moved to another computer, or to the candidate's phone: recording ends here,
// what is kept here is still sent, and then nothing stays.

import { forgetEverything } from "./database.js";
import { counted, byId, put, show } from "./page.js";
import { text } from "./texts.js";

export class Moved {
  /** Resolves when everything has arrived. */
  async run({ capture, spool, uploader }) {
    show("moved");
    await capture.pause();
    await new Promise((resolve) => {
      const look = () => {
        put(byId("moved-left"), counted("sending.one", "sending.left", spool.waiting));
        if (spool.waiting === 0) resolve();
      };
      uploader.addEventListener("changed", look);
      uploader.addEventListener("too-late", resolve);
      uploader.nudge();
      look();
    });
    uploader.stop();
    await forgetEverything();
    put(byId("moved-left"), text("done.body"));
    byId("moved-again").hidden = false;
    byId("moved-again").addEventListener("click", () => location.reload());
  }
}
