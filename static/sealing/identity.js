/**
 * The bidder's signing key: P-256, made in this browser, never exportable.
 *
 * The platform certifies the public half at enrolment. Losing the browser means enrolling a new
 * key with a second factor; it never means losing a bid, because bids are opened by custodians.
 */

import { Malformed, b64u, canonical, hex, unb64u } from "./encoding.js";
import { keep, load, save } from "./store.js";

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const ECDSA = { name: "ECDSA", hash: "SHA-256" };
// SubjectPublicKeyInfo of an uncompressed P-256 point, up to the point itself (RFC 5480).
const SPKI = "3059301306072a8648ce3d020106082a8648ce3d030107034200";

function signer({ privateKey, publicKey }) {
  const sign = async (bytes) => new Uint8Array(await crypto.subtle.sign(ECDSA, privateKey, bytes));
  return { publicKey, sign };
}

/** A key of this session only, as the canary uses it. */
export async function makeSigner() {
  const pair = await crypto.subtle.generateKey(P256, false, ["sign", "verify"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { privateKey: pair.privateKey, ...signer({ privateKey: pair.privateKey, publicKey }) };
}

/** Makes a key for a bidder and keeps it in this browser: {publicKey (65 bytes), sign}. */
export async function createIdentity(bidder) {
  const { privateKey, publicKey } = await makeSigner();
  await save("identities", `${bidder} ${b64u(publicKey)}`, { privateKey, publicKey });
  await keep();
  return signer({ privateKey, publicKey });
}

/** The key that this browser holds for a bidder's certified public key, or null. */
export async function loadIdentity(bidder, publicKey) {
  const found = await load("identities", `${bidder} ${b64u(publicKey)}`);
  return found ? signer(found) : null;
}

/** The uncompressed point in a DER certificate (base64url), without trusting the rest of it. */
export function certifiedKey(certificate) {
  const der = unb64u(certificate);
  const at = hex(der).indexOf(SPKI);
  if (at < 0 || at % 2 === 1) throw new Malformed("the certificate holds no P-256 key");
  const start = (at + SPKI.length) / 2;
  return der.slice(start, start + 65);
}

/** A statement with its raw r||s signature. */
export async function signStatement(statement, { sign }) {
  return { ...statement, signature: b64u(await sign(canonical(statement))) };
}

/** enrol/v1: asks for a certificate and proves that this browser holds the private half. */
export function enrolment(bidder, identity) {
  const statement = { v: "enrol/v1", bidder, public_key: b64u(identity.publicKey) };
  return signStatement(statement, identity);
}
