/** Speaks to the review server on this machine; an error is a sentence to show. */

import { language } from "./words.js";

/** An answer with a sentence in it has it in the page's language. */
export function fetched(address, { headers = {}, ...how } = {}) {
  return fetch(address, { ...how, headers: { "Accept-Language": language(), ...headers } });
}

export async function enter() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  // Out of the address bar and the history before anything else happens.
  history.replaceState(null, "", "/");
  const answer = await fetched("/enter", { method: "POST", body: token });
  if (!answer.ok) throw new Error((await answer.json()).detail);
}

export async function ask(path) {
  return read(await fetched(`/api/${path}`));
}

export async function tell(path, document) {
  const headers = { "Content-Type": "application/json" };
  return read(
    await fetched(`/api/${path}`, { method: "POST", headers, body: JSON.stringify(document) }),
  );
}

export function objectAddress(exam, attempt, kind, sequence) {
  return `/api/exams/${exam}/attempts/${attempt}/${kind}/${sequence}`;
}

async function read(answer) {
  const document = await answer.json();
  if (!answer.ok) throw new Error(document.detail);
  return document;
}
