// What a browser may never answer is not waited for without an end.

/** Has `work` settled, either way, within `ms`? It is not stopped. */
export function settledWithin(work, ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, false);
    const settled = () => {
      clearTimeout(timer);
      resolve(true);
    };
    work.then(settled, settled);
  });
}
