/**
 * Opens an envelope with released keys, as the opening does, for the canary and the vectors.
 *
 * The verdict is a function of public data alone and never throws on what a bidder sent. The
 * custodians' fault (bytes lost or changed) is the platform's to judge and not looked at here.
 */

import { x25519 } from "@noble/curves/ed25519.js";
import { Malformed, equal, hex, sha256Hex, unb64u } from "./encoding.js";
import { openBytes } from "./cobblestone.js";
import {
  bodyContext, boxAlgorithm, buildHeader, contextOf, filesKeys, formSize, importDek, parseHeader,
  prf, wrapKey,
} from "./envelope.js";
import { readManifest } from "./manifest.js";
import { combine } from "./shamir.js";

/** The released private keys that belong to the record: [{index, scalar}], distinct, in order. */
function countingReleases(record, releases) {
  const found = new Map();
  for (const release of releases) {
    try {
      const scalar = unb64u(release.private_key, 32);
      const key = x25519.getPublicKey(scalar);
      const at = record.custodians.findIndex((one) => equal(unb64u(one.key, 32), key));
      if (at >= 0) found.set(at + 1, scalar);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
  }
  return [...found].sort(([a], [b]) => a - b).map(([index, scalar]) => ({ index, scalar }));
}

async function recoverDek(record, openingId, header, releases) {
  const shares = await Promise.all(releases.map(async ({ index, scalar }) => {
    const wrap = await wrapKey({
      scalar,
      key: header.ephemeral,
      ephemeral: header.ephemeral,
      custodianKey: unb64u(record.custodians[index - 1].key, 32),
      openingId,
      index,
    });
    try {
      const box = header.boxes[index - 1];
      const part = await crypto.subtle.decrypt(boxAlgorithm(header.context), wrap, box);
      return { x: index, share: new Uint8Array(part) };
    } catch {
      throw new Malformed(`share ${index} does not decrypt`);
    }
  }));
  return combine(shares);
}

function trimZeros(padded) {
  let end = padded.length;
  while (end > 0 && padded[end - 1] === 0) end -= 1;
  if (padded.length !== formSize(end)) throw new Malformed("form length");
  return padded.subarray(0, end);
}

async function openForm({ record, openingId, bidder, sequence, releases, envelope }) {
  const header = parseHeader(envelope);
  const context = await contextOf(bidder, openingId, sequence);
  if (!equal(header.opening, openingId)) throw new Malformed("another opening");
  if (!equal(header.context, context)) throw new Malformed("another context");
  if (header.boxes.length !== record.custodians.length) throw new Malformed("number of shares");
  const dek = await recoverDek(record, openingId, header, releases);
  if (!equal(await buildHeader(record, openingId, context, dek), header.bytes)) {
    throw new Malformed("the header does not follow from its key");
  }
  const dekKey = await importDek(dek);
  const key = await prf(dekKey, openingId, context, "form");
  const sealed = envelope.subarray(header.bytes.length);
  const form = trimZeros(await openBytes(key, await bodyContext("form", header.bytes), sealed));
  const manifest = await readManifest(form, { record, opening: hex(openingId), bidder, sequence });
  return { manifest, begun: { dekKey, openingId, context, header: header.bytes } };
}

/** Judges one envelope: {verdict, reason, manifest, begun}; `begun` opens the files. */
export async function judge(bid) {
  const releases = countingReleases(bid.record, bid.releases).slice(0, bid.record.threshold);
  if (releases.length < bid.record.threshold) return { verdict: "not_released", reason: null };
  try {
    return { verdict: "opened", reason: null, ...await openForm({ ...bid, releases }) };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { verdict: "bidder_fault", reason: error.message, manifest: null };
  }
}

/** The files of an opened bid, in memory: [bytes]; throws `Malformed` if they do not match. */
export async function openFiles({ begun, manifest }, sealed) {
  const { key, context } = await filesKeys(begun);
  const stream = await openBytes(key, context, sealed);
  if (stream.length !== manifest.files_size) throw new Malformed("files_size");
  const files = [];
  let at = 0;
  for (const { size, sha256 } of manifest.files) {
    const bytes = stream.slice(at, at + size);
    if (await sha256Hex(bytes) !== sha256) throw new Malformed("a file's hash");
    files.push(bytes);
    at += size;
  }
  if (stream.subarray(at).some((byte) => byte !== 0)) throw new Malformed("padding");
  return files;
}
