// The page's own key: it proves that a page that comes back is the one that joined.
// ECDSA P-256 (the curve every browser's WebCrypto has); the private half cannot be extracted.

import { base64url } from "./base64url.js";
import { keyNamed } from "./database.js";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const KEY_NAME = "page";

function pageKey() {
  return keyNamed(KEY_NAME, () =>
    crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]),
  );
}

/** `{public_key, signature}` for a join, both base64url; the signature is IEEE P1363. */
export async function signJoin(examCode, seatCode, nonce) {
  const { privateKey, publicKey } = await pageKey();
  const said = new TextEncoder().encode(`hallvakt-join\n${examCode}\n${seatCode}\n${nonce}`);
  const signature = await crypto.subtle.sign({ ...ALGORITHM, hash: "SHA-256" }, privateKey, said);
  return {
    public_key: base64url(await crypto.subtle.exportKey("spki", publicKey)),
    signature: base64url(signature),
  };
}
