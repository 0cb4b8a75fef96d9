/**
 * Cobblestone-256: C2SP chunked encryption with AES-256-GCM and HKDF-Expand-SHA-512.
 *
 * salt (24) || commitment (32) || chunks of 16,384 bytes, each with its tag, the last one always
 * shorter and possibly empty, so that a cut stream never looks whole. The commitment makes it
 * impossible to build one ciphertext that opens under two keys.
 */

import { Malformed, concat, equal, utf8 } from "./encoding.js";

export const CHUNK = 16384;
export const TAG = 16;
export const PREAMBLE = 56;
const INFO = utf8("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0");

/** Length of the ciphertext of `length` bytes. */
export const sealedSize = (length) => PREAMBLE + length + TAG * (Math.floor(length / CHUNK) + 1);

async function expand(prk, info) {
  const key = await crypto.subtle.importKey(
    "raw", prk, { name: "HMAC", hash: "SHA-512" }, false, ["sign"],
  );
  const mac = async (data) => new Uint8Array(await crypto.subtle.sign("HMAC", key, data));
  const first = await mac(concat(info, Uint8Array.of(1)));
  const second = await mac(concat(first, info, Uint8Array.of(2)));
  return concat(first, second.subarray(0, 12));
}

/** The cipher of one stream: key, base nonce and preamble, from a 32-byte key, salt, context. */
export async function cipher(prk, salt, context) {
  const okm = await expand(prk, concat(INFO, salt, context));
  const key = await crypto.subtle.importKey(
    "raw", okm.subarray(0, 32), "AES-GCM", false, ["encrypt", "decrypt"],
  );
  return { key, base: okm.slice(32, 44), preamble: concat(salt, okm.subarray(44, 76)) };
}

function nonce(base, number) {
  const iv = base.slice();
  const view = new DataView(iv.buffer);
  view.setUint32(4, (view.getUint32(4) ^ Math.floor(number / 2 ** 32)) >>> 0);
  view.setUint32(8, (view.getUint32(8) ^ number % 2 ** 32) >>> 0);
  return iv;
}

/**
 * Encrypts consecutive whole chunks, or the tail of the stream when `last` is true, at once.
 *
 * `plain` must be a multiple of 16,384 bytes long unless it is the tail. One Promise.all for the
 * slice keeps WebCrypto's threads busy; a promise a chunk in turn is several times slower.
 */
export function encryptChunks({ key, base }, plain, first, last) {
  const count = last ? Math.floor(plain.length / CHUNK) + 1 : plain.length / CHUNK;
  return Promise.all(Array.from({ length: count }, (_, i) => crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce(base, first + i) },
    key,
    plain.subarray(i * CHUNK, (i + 1) * CHUNK),
  )));
}

/** Seals a short byte string in memory. */
export async function sealBytes(prk, context, plain, salt) {
  const stream = await cipher(prk, salt, context);
  const chunks = await encryptChunks(stream, plain, 0, true);
  return concat(stream.preamble, ...chunks.map((chunk) => new Uint8Array(chunk)));
}

/** Opens a byte string in memory; throws `Malformed` if one bit of it is wrong. */
export async function openBytes(prk, context, sealed) {
  const body = sealed.subarray(PREAMBLE);
  const full = CHUNK + TAG;
  if (sealed.length < PREAMBLE + TAG || body.length % full < TAG) throw new Malformed("cut");
  const stream = await cipher(prk, sealed.slice(0, 24), context);
  if (!equal(stream.preamble, sealed.subarray(0, PREAMBLE))) throw new Malformed("commitment");
  const count = Math.floor(body.length / full) + 1;
  try {
    const chunks = await Promise.all(Array.from({ length: count }, (_, i) => crypto.subtle.decrypt(
      { name: "AES-GCM", iv: nonce(stream.base, i) },
      stream.key,
      body.subarray(i * full, (i + 1) * full),
    )));
    return concat(...chunks.map((chunk) => new Uint8Array(chunk)));
  } catch {
    throw new Malformed("does not decrypt");
  }
}
