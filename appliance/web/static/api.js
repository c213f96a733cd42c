// Speaks HTTP to the box. Every failure becomes one of two errors: `Problem`, when the box
// answered with problem+json, and `Unreachable`, when there was no answer.

import { boxClock } from "./clock.js";
import { text, hasText } from "./texts.js";

const BASE = "/api/v1";
const PATIENCE_MS = 30_000;

export class Problem extends Error {
  /** `code` is the box's stable word; `waitMs` what Retry-After asked for, null when absent. */
  constructor(status, code, detail, waitMs) {
    super(detail || code);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.waitMs = waitMs;
  }
}

export class Unreachable extends Error {}

/** One sentence for the candidate, in the page's language when we have it there. */
export function sentence(error) {
  if (error instanceof Unreachable) return text("problem.unreachable");
  if (!(error instanceof Problem)) return text("problem.unexpected");
  const key = `problem.${error.code}`;
  if (hasText(key)) return text(key);
  return error.detail || text("problem.unexpected");
}

/**
 * Ask the box. `json` is sent as JSON, `body` as it is; with `keepalive` also when the page goes
 * away meanwhile. Resolves to the parsed JSON answer or
 * null for an empty one; rejects with Problem or Unreachable.
 */
export async function call(method, path, { json, body, headers = {}, keepalive } = {}) {
  const sent = Date.now();
  let response;
  let answer;
  try {
    response = await fetch(BASE + path, {
      method,
      body: json === undefined ? body : JSON.stringify(json),
      headers: json === undefined ? headers : { "Content-Type": "application/json", ...headers },
      credentials: "same-origin",
      keepalive,
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    answer = await response.text();
  } catch (error) {
    throw new Unreachable(`${method} ${path}`, { cause: error });
  }
  const data = parse(answer);
  if (!response.ok) {
    throw new Problem(
      response.status,
      data?.code ?? `http-${response.status}`,
      data?.detail ?? "",
      retryAfter(response.headers.get("Retry-After")),
    );
  }
  if (Number.isFinite(data?.server_ms)) boxClock.heard(sent, Date.now(), data.server_ms);
  return data;
}

function parse(answer) {
  if (!answer) return null;
  try {
    return JSON.parse(answer);
  } catch {
    return null;
  }
}

/** Retry-After is either seconds or a date (RFC 9110 section 10.2.3). Milliseconds, or null. */
export function retryAfter(value) {
  if (!value) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - boxClock.now());
}
