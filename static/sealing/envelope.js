/**
 * The envelope sealed-bid/v1: header (one box a custodian) and form (the padded manifest).
 *
 * Everything in the header follows from the data key, the record and the context, so whoever
 * recovers the key at the opening rebuilds the header and compares: a bidder cannot hand
 * different custodians shares of different keys and choose afterwards which bid opens.
 */

import { x25519 } from "@noble/curves/ed25519.js";
import {
  Malformed, b64u, canonical, concat, fromUtf8, hex, padme, sha256, unb64u, unhex, utf8,
} from "./encoding.js";
import { sealBytes } from "./cobblestone.js";
import { share } from "./shamir.js";

export const SUITE = "x25519-aes256";
const PARTY = /^[A-Za-z0-9-]{1,64}$/;
const HEADER_LIMIT = 4096;
const FORM_MINIMUM = 4096;
const FILES_MINIMUM = 65536;
const SHARE_INFO = utf8("sealed-bid/v1 share");

export const formSize = (length) => Math.max(FORM_MINIMUM, Number(padme(length)));

/** Length of the padded files; 0 if there is no file at all. */
export function filesSize(sizes) {
  if (sizes.length === 0) return 0;
  return Math.max(FILES_MINIMUM, Number(padme(sizes.reduce((sum, size) => sum + size, 0))));
}

/** The 32 bytes that bind an envelope to bidder, opening and sequence. */
export async function contextOf(bidder, openingId, sequence) {
  if (!PARTY.test(bidder)) throw new Malformed("party id");
  return sha256(canonical({ bidder, opening: hex(openingId), sequence }));
}

/** Imports a data key so that the browser can derive from it but never show it again. */
export const importDek = (dek) => crypto.subtle.importKey("raw", dek, "HKDF", false, ["deriveBits"]);

async function hkdf(key, salt, info) {
  const algorithm = { name: "HKDF", hash: "SHA-256", salt, info };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 256));
}

/** PRF(label) of a data key imported by `importDek`. */
export function prf(dekKey, openingId, context, label) {
  return hkdf(dekKey, concat(openingId, context), utf8(`sealed-bid/v1 ${label}`));
}

function agree(scalar, key) {
  try {
    return x25519.getSharedSecret(scalar, key);
  } catch {
    throw new Malformed("a key of low order");
  }
}

/** The AES-GCM key between the ephemeral key pair and one custodian. */
export async function wrapKey({ scalar, key, ephemeral, custodianKey, openingId, index }) {
  const secret = await importDek(agree(scalar, key));
  const info = concat(SHARE_INFO, openingId, Uint8Array.of(index));
  const wrap = await hkdf(secret, concat(ephemeral, custodianKey), info);
  return crypto.subtle.importKey("raw", wrap, "AES-GCM", false, ["encrypt", "decrypt"]);
}

export const boxAlgorithm = (context) => (
  { name: "AES-GCM", iv: new Uint8Array(12), additionalData: context }
);

/** The exact header bytes for a record, a data key and a context. */
export async function buildHeader(record, openingId, context, dek) {
  const dekKey = await importDek(dek);
  const derive = (label) => prf(dekKey, openingId, context, label);
  const coefficients = [];
  for (let k = 1; k < record.threshold; k++) coefficients.push(await derive(`coefficient ${k}`));
  const scalar = await derive("ephemeral");
  const ephemeral = x25519.getPublicKey(scalar);
  const boxes = await Promise.all(record.custodians.map(async (custodian, i) => {
    const key = unb64u(custodian.key, 32);
    const wrap = await wrapKey({
      scalar, key, ephemeral, custodianKey: key, openingId, index: i + 1,
    });
    const part = share(dek, coefficients, i + 1);
    return new Uint8Array(await crypto.subtle.encrypt(boxAlgorithm(context), wrap, part));
  }));
  return utf8([
    "sealed-bid/v1",
    `suite ${SUITE}`,
    `opening ${hex(openingId)}`,
    `context ${hex(context)}`,
    `ephemeral ${b64u(ephemeral)}`,
    ...boxes.map((box, i) => `share ${i + 1} ${b64u(box)}`),
    "---",
    "",
  ].join("\n"));
}

function field(line, name) {
  if (line === undefined || !line.startsWith(`${name} `)) throw new Malformed(`no ${name} line`);
  return line.slice(name.length + 1);
}

/** Parses the header by its exact grammar: {bytes, opening, context, ephemeral, boxes}. */
export function parseHeader(envelope) {
  const text = String.fromCharCode(...envelope.subarray(0, HEADER_LIMIT));
  const end = text.indexOf("\n---\n") + 5;
  if (end === 4) throw new Malformed("header does not end");
  const bytes = envelope.slice(0, end);
  const lines = fromUtf8(bytes).split("\n");
  if (lines[0] !== "sealed-bid/v1") throw new Malformed("not sealed-bid/v1");
  if (lines[1] !== `suite ${SUITE}`) throw new Malformed("unknown suite");
  const boxes = lines.slice(5, -2);
  return {
    bytes,
    opening: unhex(field(lines[2], "opening"), 32),
    context: unhex(field(lines[3], "context"), 32),
    ephemeral: unb64u(field(lines[4], "ephemeral"), 32),
    boxes: boxes.map((line, i) => unb64u(field(line, `share ${i + 1}`), 48)),
  };
}

/** Context of the form or the files stream: the header's hash ties the body to its header. */
export async function bodyContext(part, header) {
  return concat(utf8(`sealed-bid/v1 ${part}\0`), await sha256(header));
}

/**
 * Starts an envelope: the header and what is needed later to seal form and files.
 *
 * The returned object can be kept in IndexedDB: its data key is a CryptoKey that cannot be
 * exported. A fresh 32-byte `dek` is the caller's duty for every envelope, part and sequence.
 */
export async function begin({ record, openingId, bidder, sequence, dek, filesSalt }) {
  const context = await contextOf(bidder, openingId, sequence);
  const header = await buildHeader(record, openingId, context, dek);
  return { openingId, bidder, sequence, context, header, filesSalt, dekKey: await importDek(dek) };
}

/** Key and context under which the files stream of a begun envelope is encrypted. */
export async function filesKeys({ dekKey, openingId, context, header }) {
  const key = await prf(dekKey, openingId, context, "files");
  return { key, context: await bodyContext("files", header) };
}

/** The whole envelope: header || form. */
export async function finish({ dekKey, openingId, context, header }, manifestBytes, salt) {
  const padded = new Uint8Array(formSize(manifestBytes.length));
  padded.set(manifestBytes);
  const key = await prf(dekKey, openingId, context, "form");
  return concat(header, await sealBytes(key, await bodyContext("form", header), padded, salt));
}
