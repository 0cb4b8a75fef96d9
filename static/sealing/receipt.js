/**
 * Receipts: the platform's signed word that a bid stands in its ledger, and the proof of it.
 *
 * The page shows success only after this has passed: a receipt that somebody else has to check
 * later is no receipt.
 */

import {
  Malformed, base64, canonical, concat, equal, hasKeys, hex, sha256, unb64u, utf8,
} from "./encoding.js";
import { Distrust, checkEd25519 } from "./record.js";

const ED25519 = 1;
const VERIFIER = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/;
const SIGNATURE_LINE = /^\u2014 (\S+) ([A-Za-z0-9+/=]+)$/;
const CHECKPOINT = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/=]+)\n$/;

function unbase64(text) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new Malformed("base64");
  }
  if (base64(bytes) !== text) throw new Malformed("base64");
  return bytes;
}

async function keyId(name, publicKey) {
  return (await sha256(concat(utf8(`${name}\n`), Uint8Array.of(ED25519), publicKey))).slice(0, 4);
}

/** A verifier key `name+id+base64` as {name, publicKey}; its id must be the right one. */
export async function parseNoteKey(text) {
  const found = VERIFIER.exec(text);
  if (!found) throw new Malformed("note key");
  const body = unbase64(found[3]);
  if (body.length !== 33 || body[0] !== ED25519) throw new Malformed("note key");
  const key = { name: found[1], publicKey: body.slice(1) };
  if (hex(await keyId(key.name, key.publicKey)) !== found[2]) throw new Malformed("note key id");
  return key;
}

/** The checkpoint {size, root} of a signed note; throws unless the key signed it. */
export async function checkNote(note, { name, publicKey }) {
  const gap = note.lastIndexOf("\n\n");
  const lines = note.slice(gap + 2).split("\n");
  if (gap < 0 || lines.pop() !== "") throw new Malformed("note");
  const text = note.slice(0, gap + 1);
  const stated = CHECKPOINT.exec(text);
  if (!stated || stated[1] !== name) throw new Distrust("a checkpoint of another ledger");
  const id = await keyId(name, publicKey);
  const blobs = lines.map((line) => SIGNATURE_LINE.exec(line))
    .filter((line) => line && line[1] === name)
    .map((line) => unbase64(line[2]))
    .filter((blob) => equal(blob.subarray(0, 4), id));
  if (blobs.length !== 1) throw new Distrust("the platform has not signed the checkpoint");
  checkEd25519(publicKey, blobs[0].subarray(4), utf8(text), "checkpoint");
  return { size: Number(stated[2]), root: unbase64(stated[3]) };
}

export const leafHash = (line) => sha256(concat(Uint8Array.of(0), line));
const nodeHash = (left, right) => sha256(concat(Uint8Array.of(1), left, right));

/** Which side each step of an inclusion proof stands on, leaf end first (RFC 9162, 2.1.3). */
function sides(index, size) {
  const found = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    let width = 1;
    while (width * 2 < end - start) width *= 2;
    const left = index >= start + width;
    found.unshift(left ? "left" : "right");
    if (left) start += width;
    else end = start + width;
  }
  return found;
}

/** Throws `Distrust` unless `leaf` is at `index` in the tree of `size` with this root. */
export async function verifyInclusion(leaf, index, size, proof, root) {
  if (index >= size) throw new Distrust("the checkpoint does not reach the entry");
  const where = sides(index, size);
  if (proof.length !== where.length) throw new Distrust("the proof has another length");
  let hash = leaf;
  for (let i = 0; i < proof.length; i++) {
    const pair = where[i] === "left" ? [proof[i], hash] : [hash, proof[i]];
    hash = await nodeHash(...pair);
  }
  if (!equal(hash, root)) throw new Distrust("the proof does not lead to the root");
}

function checkEntry(entry, expected) {
  if (entry?.v !== "entry/v1" || entry.event !== "bid.submitted") throw new Malformed("entry");
  if (!Number.isSafeInteger(entry.seq)) throw new Malformed("entry seq");
  for (const [name, value] of Object.entries(expected)) {
    if (entry[name] !== value) throw new Distrust(`the receipt names another ${name}`);
  }
}

/**
 * Checks a receipt and returns {entry, leaf, line, checkpoint}; checkpoint null while it waits.
 *
 * `expected` holds the fields of the entry that must be exactly what was submitted; `keys` is
 * {platformKey (32 bytes), noteKey from `parseNoteKey`}.
 */
export async function checkReceipt(receipt, expected, { platformKey, noteKey }) {
  if (!hasKeys(receipt, ["v", "entry", "signature", "inclusion"]) || receipt.v !== "receipt/v1") {
    throw new Malformed("receipt");
  }
  const { v, entry, signature, inclusion } = receipt;
  checkEd25519(platformKey, unb64u(signature, 64), canonical({ v, entry }), "receipt");
  checkEntry(entry, expected);
  const line = canonical(entry);
  const leaf = await leafHash(line);
  if (inclusion === null) return { entry, line, leaf, checkpoint: null };
  const checkpoint = await checkNote(inclusion.checkpoint, noteKey);
  const proof = inclusion.proof.map((step) => unb64u(step, 32));
  await verifyInclusion(leaf, entry.seq, checkpoint.size, proof, checkpoint.root);
  return { entry, line, leaf, checkpoint };
}

/** Text of the receipt's QR code: where to check it, and enough to recognise it by. */
export function qrText(entry, verifyUrl) {
  return `${verifyUrl}?bid=${entry.bid}&sha256=${entry.envelope_sha256}`;
}
