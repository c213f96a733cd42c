// A recording that was cut somewhere, without its last, incomplete part. A recorder's pieces end
// anywhere, even between the name of a block and its size (EBML, RFC 8794; Matroska, RFC 9559).

const SEGMENT = 0x18538067;
const CLUSTER = 0x1f43b675;

/** The longest start of `bytes` (Uint8Array) in which every element is whole. */
export function whole(bytes) {
  let at = 0;
  while (at < bytes.length) {
    const name = number(bytes, at, false);
    const size = name && number(bytes, name.end, true);
    if (!size) break;
    if (name.value === SEGMENT || name.value === CLUSTER) at = size.end; // go on inside
    else if (size.end + size.value <= bytes.length) at = size.end + size.value;
    else break;
  }
  return bytes.subarray(0, at);
}

/** A number whose first byte's leading zeros say how long it is; null when it is not all there.
 * A size is read without the bit that ends those zeros, a name with it. */
function number(bytes, at, isSize) {
  const length = Math.clz32(bytes[at]) - 23;
  if (!(length >= 1 && length <= 8) || at + length > bytes.length) return null;
  let value = isSize ? bytes[at] & (0xff >> length) : bytes[at];
  for (let i = 1; i < length; i += 1) value = value * 256 + bytes[at + i];
  return { value, end: at + length };
}
