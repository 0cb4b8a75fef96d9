/**
 * The opening record: who can open the bids, checked before anything is sealed for them.
 *
 * A platform that could put one key of its own into a record would lower the threshold, so the
 * record must bear the acceptance of every custodian, under an identity that was pinned outside
 * the platform and under the name that the bidder reads.
 */

import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { Malformed, canonical, hasKeys, hex, sha256, unb64u, unhex } from "./encoding.js";

export class Distrust extends Error {}

const RECORD = [
  "v", "platform", "tender", "lot", "part", "not_before", "minimum", "threshold", "custodians",
  "after",
];
const PARTS = ["whole", "technical", "price", "draw"];
const FIELD_PRIME = 2n ** 255n - 19n;
const ONE = new Uint8Array(32).fill(1);

/** Throws `Distrust` unless `signature` is the Ed25519 key's over the bytes. */
export function checkEd25519(publicKey, signature, bytes, what) {
  let valid = false;
  try {
    valid = ed25519.verify(signature, bytes, publicKey, { zip215: false });
  } catch {
    valid = false;
  }
  if (!valid) throw new Distrust(`${what}: signature`);
}

function require(condition, what) {
  if (!condition) throw new Malformed(what);
}

const isText = (value) => typeof value === "string" && value !== "";
const isCount = (value, low, high = Number.MAX_SAFE_INTEGER) => (
  Number.isSafeInteger(value) && value >= low && value <= high
);

function isTime(text) {
  if (typeof text !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return false;
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text.replace("Z", ".000Z");
}

function checkX25519(key) {
  const value = BigInt(`0x${hex(key.slice().reverse())}`);
  require(value < FIELD_PRIME, "key is not canonical");
  try {
    x25519.getSharedSecret(ONE, key);
  } catch {
    throw new Malformed("key is of low order");
  }
}

function checkCustodian(custodian) {
  require(hasKeys(custodian, ["name", "identity", "key_id", "key"]), "custodian");
  require(isText(custodian.name), "custodian's name");
  unb64u(custodian.identity, 32);
  unb64u(custodian.key_id, 16);
  checkX25519(unb64u(custodian.key, 32));
}

function checkAfter(after) {
  require(hasKeys(after, ["opening", "lockers", "threshold"]), "after");
  unhex(after.opening, 32);
  require(Array.isArray(after.lockers), "lockers");
  after.lockers.forEach((locker) => unb64u(locker, 32));
  require(new Set(after.lockers).size === after.lockers.length, "lockers");
  require(isCount(after.threshold, 1, after.lockers.length), "threshold of lockers");
}

/** Throws `Malformed` unless the object is an opening record in every detail. */
export function checkRecord(record) {
  require(hasKeys(record, RECORD) && record.v === "opening/v1", "record");
  require(isText(record.platform) && isText(record.tender), "platform or tender");
  require(typeof record.lot === "string" && /^[\x00-\x7f]{1,64}$/.test(record.lot), "lot");
  require(PARTS.includes(record.part), "part");
  require(isTime(record.not_before), "not_before");
  require(isCount(record.minimum, 1), "minimum");
  const { custodians } = record;
  require(Array.isArray(custodians), "custodians");
  require(custodians.length >= 2 && custodians.length <= 16, "number of custodians");
  require(isCount(record.threshold, 2, custodians.length), "threshold");
  custodians.forEach(checkCustodian);
  for (const name of ["identity", "key_id", "key"]) {
    const values = new Set(custodians.map((custodian) => custodian[name]));
    require(values.size === custodians.length, `custodians' ${name}`);
  }
  if (record.after !== null) {
    require(record.part === "price", "after");
    checkAfter(record.after);
  }
}

function checkAcceptance(accept, record, opening) {
  const keys = ["v", "opening", "key_id", "key", "signature"];
  require(hasKeys(accept, keys) && accept.v === "accept/v1", "acceptance");
  const custodian = record.custodians.find((one) => one.key_id === accept.key_id);
  if (!custodian || accept.key !== custodian.key || accept.opening !== opening) {
    throw new Distrust("an acceptance is for another opening or key");
  }
  const { signature, ...signed } = accept;
  const identity = unb64u(custodian.identity, 32);
  checkEd25519(identity, unb64u(signature, 64), canonical(signed), custodian.name);
  return custodian.key_id;
}

function checkPins(record, pins) {
  require(hasKeys(pins, ["platform", "custodians"]) && Array.isArray(pins.custodians), "pins");
  if (pins.platform !== record.platform) throw new Distrust(`${record.platform} is not pinned`);
  const names = new Map(pins.custodians.map(({ name, identity }) => [identity, name]));
  for (const { name, identity } of record.custodians) {
    if (names.get(identity) !== name) throw new Distrust(`${name} is not a pinned custodian`);
  }
}

/**
 * The raw opening id of a record that may be sealed for; throws `Malformed` or `Distrust`.
 *
 * `accepts` are accept/v1 statements, all n of them; `pins` is {platform, custodians: [{name,
 * identity}]}; `platformKey` the platform's 32 bytes.
 */
export async function verifyRecord({ record, signature, accepts, pins, platformKey }) {
  checkRecord(record);
  const bytes = canonical(record);
  const openingId = await sha256(bytes);
  checkEd25519(platformKey, unb64u(signature, 64), bytes, record.platform);
  checkPins(record, pins);
  const accepted = accepts.map((accept) => checkAcceptance(accept, record, hex(openingId)));
  if (new Set(accepted).size !== accepted.length) throw new Distrust("a key is accepted twice");
  for (const { key_id: keyId, name } of record.custodians) {
    if (!accepted.includes(keyId)) throw new Distrust(`${name} has not accepted the record`);
  }
  return openingId;
}
