/**
 * manifest/v1: what a bid says, signed by its bidder and read at the opening.
 */

import { Malformed, b64u, canonical, hasKeys, isObject, parse, unb64u, unhex } from "./encoding.js";
import { filesSize } from "./envelope.js";

const LIMIT = 1024 * 1024;
const KEYS = [
  "v", "bidder", "opening", "sequence", "prices_fen", "terms", "files", "files_size",
  "public_key", "signature",
];
const ECDSA = { name: "ECDSA", hash: "SHA-256" };

/** Checks that an amount is integer fen that JSON carries exactly. */
const isFen = (value) => Number.isSafeInteger(value) && value >= 0;

/** Prices must name the record's lot exactly, and nothing in technical and draw parts. */
export function checkPrices(record, prices) {
  const lots = record.part === "technical" || record.part === "draw" ? [] : [record.lot];
  if (!hasKeys(prices, lots) || !Object.values(prices).every(isFen)) throw new Malformed("prices");
}

/** The bytes of a manifest, signed with `signer` ({publicKey, sign}) or unsigned if null. */
export async function buildManifest({ record, opening, bidder, sequence, prices, terms, files }, signer) {
  checkPrices(record, prices);
  const manifest = {
    v: "manifest/v1",
    bidder,
    opening,
    sequence,
    prices_fen: prices,
    terms,
    files,
    files_size: filesSize(files.map((file) => file.size)),
    public_key: signer ? b64u(signer.publicKey) : null,
  };
  manifest.signature = signer ? b64u(await signer.sign(canonical(manifest))) : null;
  const bytes = canonical(manifest);
  if (bytes.length > LIMIT) throw new Malformed("manifest longer than 1 MiB");
  return bytes;
}

/** Checks a raw r||s signature of a P-256 point over bytes; throws `Malformed`. */
export async function checkP256(publicKey, signature, bytes) {
  let valid = false;
  try {
    const key = await crypto.subtle.importKey(
      "raw", publicKey, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"],
    );
    valid = await crypto.subtle.verify(ECDSA, key, signature, bytes);
  } catch {
    throw new Malformed("public key");
  }
  if (!valid) throw new Malformed("signature");
}

function checkFiles(manifest) {
  if (!Array.isArray(manifest.files)) throw new Malformed("files");
  for (const file of manifest.files) {
    if (!hasKeys(file, ["name", "size", "sha256"]) || typeof file.name !== "string") {
      throw new Malformed("file");
    }
    if (!Number.isSafeInteger(file.size)) throw new Malformed("file size");
    unhex(file.sha256, 32);
  }
  const sizes = manifest.files.map((file) => file.size);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (!Number.isSafeInteger(total)) throw new Malformed("file sizes");
  if (manifest.files_size !== filesSize(sizes)) throw new Malformed("files_size");
}

/** The manifest in the opened form of an envelope; throws `Malformed` unless it is exact. */
export async function readManifest(bytes, { record, opening, bidder, sequence }) {
  if (bytes.length > LIMIT) throw new Malformed("manifest longer than 1 MiB");
  const manifest = parse(bytes);
  if (!hasKeys(manifest, KEYS) || manifest.v !== "manifest/v1") throw new Malformed("members");
  const named = { bidder, opening, sequence };
  if (Object.keys(named).some((key) => manifest[key] !== named[key])) {
    throw new Malformed("another bid");
  }
  checkPrices(record, manifest.prices_fen);
  if (!isObject(manifest.terms)) throw new Malformed("terms");
  checkFiles(manifest);
  if ((manifest.public_key === null) !== (manifest.signature === null)) {
    throw new Malformed("half a signature");
  }
  if (manifest.public_key !== null) {
    const { signature, ...signed } = manifest;
    await checkP256(unb64u(manifest.public_key, 65), unb64u(signature, 64), canonical(signed));
  }
  return manifest;
}
