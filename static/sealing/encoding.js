/**
 * Bytes, text and JSON exactly as sealed-bid/v1 hashes and signs them.
 *
 * What is hashed or signed must have one single spelling, otherwise two honest programs disagree
 * about the same bid. So JSON is RFC 8785 with integers only, base64url has no second spelling,
 * and everything else is refused with `Malformed`.
 */

export class Malformed extends Error {}

export const PIECE = 8 * 1024 * 1024;
const MAX_DEPTH = 16;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const utf8 = (text) => encoder.encode(text);

/** Strict UTF-8; a byte order mark stays in the text, where JSON then refuses it. */
export function fromUtf8(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Malformed("not UTF-8");
  }
}

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

let nowhere = null;

/**
 * Gives the memory of ArrayBuffers back at once: they are sent to a port that nobody reads.
 *
 * Garbage collection comes only after 64 MB a worker, which is what a small phone lacks.
 */
export function free(...buffers) {
  if (!nowhere) {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    nowhere = port1;
  }
  nowhere.postMessage(null, buffers);
}

export function equal(a, b) {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function unhex(text, length) {
  if (typeof text !== "string" || !/^(?:[0-9a-f]{2})*$/.test(text)) throw new Malformed("not hex");
  const bytes = Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  if (length !== undefined && bytes.length !== length) throw new Malformed("wrong length");
  return bytes;
}

export function base64(bytes) {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(binary);
}

export function b64u(bytes) {
  return base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** base64url without padding; what does not re-encode to the same text is refused. */
export function unb64u(text, length) {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) {
    throw new Malformed("not base64url");
  }
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  if (b64u(bytes) !== text) throw new Malformed("not canonical base64url");
  if (length !== undefined && bytes.length !== length) throw new Malformed("wrong length");
  return bytes;
}

function write(value, depth) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) throw new Malformed("lone surrogate");
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
      throw new Malformed("only integers from 0 to 2^53-1");
    }
    return String(value);
  }
  if (typeof value !== "object") throw new Malformed("not JSON");
  if (depth >= MAX_DEPTH) throw new Malformed("nested too deeply");
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(",")}]`;
  const members = Object.keys(value).sort().map((key) => {
    if (/[^\x00-\x7f]/.test(key)) throw new Malformed("keys are ASCII");
    return `${JSON.stringify(key)}:${write(value[key], depth + 1)}`;
  });
  return `{${members.join(",")}}`;
}

/** RFC 8785 bytes of a value of objects, arrays, strings, integers, booleans and null. */
export const canonical = (value) => utf8(write(value, 0));

/** The value of bytes that are their own RFC 8785 form; anything else is `Malformed`. */
export function parse(bytes) {
  let value;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch (error) {
    throw error instanceof Malformed ? error : new Malformed("not JSON");
  }
  if (!equal(canonical(value), bytes)) throw new Malformed("not canonical JSON");
  return value;
}

export const isObject = (value) => (
  value !== null && typeof value === "object" && !Array.isArray(value)
);

/** True if the object has exactly these keys. */
export function hasKeys(value, keys) {
  if (!isObject(value)) return false;
  const found = Object.keys(value);
  return found.length === keys.length && keys.every((key) => Object.hasOwn(value, key));
}

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export const sha256Hex = async (bytes) => hex(await sha256(bytes));

/** Padmé: the next length that tells at most O(log log L) bits about L. */
export function padme(length) {
  const size = BigInt(length);
  if (size < 2n) return size;
  const bits = (n) => BigInt(n.toString(2).length);
  const exponent = bits(size) - 1n;
  const last = exponent - bits(exponent);
  const mask = (1n << last) - 1n;
  return (size + mask) & ~mask;
}

/** SHA-256 of the concatenated SHA-256s of the 8 MiB pieces, so that slices hash apart. */
export async function pieceDigest(blob) {
  const hashes = [];
  for (let at = 0; at < blob.size; at += PIECE) {
    hashes.push(await sha256(await blob.slice(at, at + PIECE).arrayBuffer()));
  }
  return hex(await sha256(concat(...hashes)));
}
