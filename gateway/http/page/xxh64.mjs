// XXH64 with seed 0, 16 lower-case hexadecimal digits: what an end event says of its reply.
// https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md

const mask = (1n << 64n) - 1n;
const prime1 = 0x9e3779b185ebca87n;
const prime2 = 0xc2b2ae3d27d4eb4fn;
const prime3 = 0x165667b19e3779f9n;
const prime4 = 0x85ebca77c2b2ae63n;
const prime5 = 0x27d4eb2f165667c5n;

const turned = (value, bits) => ((value << bits) | (value >> (64n - bits))) & mask;
const round = (lane, word) => (turned((lane + word * prime2) & mask, 31n) * prime1) & mask;
const merged = (hash, lane) => ((hash ^ round(0n, lane)) * prime1 + prime4) & mask;

// `bytes`: a Uint8Array.
export function xxh64(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.byteLength;
  let at = 0;
  let hash;
  if (length >= 32) {
    let a = (prime1 + prime2) & mask;
    let b = prime2;
    let c = 0n;
    let d = -prime1 & mask;
    for (; at + 32 <= length; at += 32) {
      a = round(a, view.getBigUint64(at, true));
      b = round(b, view.getBigUint64(at + 8, true));
      c = round(c, view.getBigUint64(at + 16, true));
      d = round(d, view.getBigUint64(at + 24, true));
    }
    hash = (turned(a, 1n) + turned(b, 7n) + turned(c, 12n) + turned(d, 18n)) & mask;
    for (const lane of [a, b, c, d]) hash = merged(hash, lane);
  } else {
    hash = prime5;
  }
  hash = (hash + BigInt(length)) & mask;
  for (; at + 8 <= length; at += 8) {
    hash ^= round(0n, view.getBigUint64(at, true));
    hash = (turned(hash, 27n) * prime1 + prime4) & mask;
  }
  if (at + 4 <= length) {
    hash ^= (BigInt(view.getUint32(at, true)) * prime1) & mask;
    hash = (turned(hash, 23n) * prime2 + prime3) & mask;
    at += 4;
  }
  for (; at < length; ++at) {
    hash ^= (BigInt(view.getUint8(at)) * prime5) & mask;
    hash = (turned(hash, 11n) * prime1) & mask;
  }
  hash = ((hash ^ (hash >> 33n)) * prime2) & mask;
  hash = ((hash ^ (hash >> 29n)) * prime3) & mask;
  return (hash ^ (hash >> 32n)).toString(16).padStart(16, "0");
}
