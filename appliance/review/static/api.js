/** Speaks to the review server on this machine; an error is a sentence to show. */

export async function enter() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  // Out of the address bar and the history before anything else happens.
  history.replaceState(null, "", "/");
  const answer = await fetch("/enter", { method: "POST", body: token });
  if (!answer.ok) throw new Error((await answer.json()).detail);
}

export async function ask(path) {
  const answer = await fetch(`/api/${path}`);
  const document = await answer.json();
  if (!answer.ok) throw new Error(document.detail);
  return document;
}

export function objectAddress(exam, attempt, kind, sequence) {
  return `/api/exams/${exam}/attempts/${attempt}/${kind}/${sequence}`;
}
