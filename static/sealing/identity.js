/**
 * The bidder's signing key: P-256, made in this browser, never exportable.
 *
 * The platform certifies the public half at enrolment. Losing the browser means enrolling a new
 * key with a second factor; it never means losing a bid, because bids are opened by custodians.
 */

import { Malformed, b64u, canonical, equal, hex, sha256Hex } from "./encoding.js";
import { keep, load, remove, save } from "./store.js";

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

/** DER bytes of a PEM certificate. */
function der(pem) {
  const base64Text = pem.replace(/-----[A-Z ]+-----|\s/g, "");
  return Uint8Array.from(atob(base64Text), (character) => character.charCodeAt(0));
}

/** The uncompressed point in a DER certificate, without trusting the rest of it. */
function certifiedKey(certificate) {
  const at = hex(certificate).indexOf(SPKI);
  if (at < 0 || at % 2 === 1) throw new Malformed("the certificate holds no P-256 key");
  const start = (at + SPKI.length) / 2;
  return certificate.slice(start, start + 65);
}

const placeOf = (bidder, publicKey) => `${bidder} ${b64u(publicKey)}`;

/**
 * The certified key of a bidder that this browser holds, or null: {identity, certificateHash}.
 *
 * `certificates` are PEM texts, one for each browser that the bidder has enrolled.
 */
export async function findSigner({ bidder, certificates }) {
  for (const pem of certificates) {
    const certificate = der(pem);
    const kept = await load("identities", placeOf(bidder, certifiedKey(certificate)));
    if (kept) return { identity: signer(kept), certificateHash: await sha256Hex(certificate) };
  }
  return null;
}

/** The key that waits for its certificate; made, and kept, now if there is none. */
async function uncertified(bidder) {
  const kept = await load("identities", `${bidder} new`);
  if (kept) return kept;
  const { privateKey, publicKey } = await makeSigner();
  await save("identities", `${bidder} new`, { privateKey, publicKey });
  await keep();
  return { privateKey, publicKey };
}

/**
 * Makes this browser's key and has it certified; `ask` sends enrol/v1 and resolves with PEM.
 *
 * The statement is signed by the new key itself, which proves that the private half is here. After
 * a lost answer the same key is sent again.
 */
export async function enrolSigner(bidder, ask) {
  const made = await uncertified(bidder);
  const statement = { v: "enrol/v1", bidder, public_key: b64u(made.publicKey) };
  const certificate = der(await ask(await signStatement(statement, signer(made))));
  if (!equal(certifiedKey(certificate), made.publicKey)) {
    throw new Malformed("the certificate is for another key");
  }
  await save("identities", placeOf(bidder, made.publicKey), made);
  await remove("identities", `${bidder} new`);
  return { identity: signer(made), certificateHash: await sha256Hex(certificate) };
}

/** A statement with its raw r||s signature. */
export async function signStatement(statement, { sign }) {
  return { ...statement, signature: b64u(await sign(canonical(statement))) };
}
