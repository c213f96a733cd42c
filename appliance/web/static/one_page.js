// One page at a time: two would record the same minutes twice.

import { show } from "./document.js";
import { translatePage } from "./texts.js";

/** Resolves when this page is the only one; until then it says that there is another. */
export function alone() {
  return new Promise((resolve) => {
    const hold = () => {
      resolve();
      return new Promise(() => {}); // until the page is gone
    };
    navigator.locks.request("hallvakt-visit", { ifAvailable: true }, (lock) => {
      if (lock) return hold();
      translatePage();
      show("elsewhere");
      navigator.locks.request("hallvakt-visit", hold);
      return null;
    });
  });
}
