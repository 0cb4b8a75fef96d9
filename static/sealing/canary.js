/**
 * Proves that this browser computes rightly, before a bid depends on it.
 *
 * First a known answer: a header that other programs have computed must come out byte for byte.
 * Then the whole way with test keys, through the same workers as the bid itself: sealed here,
 * opened again by a threshold of test custodians, every byte compared.
 */

import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { b64u, canonical, equal, hex, sha256, sha256Hex } from "./encoding.js";
import { begin, buildHeader, contextOf, filesKeys, filesSize, finish } from "./envelope.js";
import { Crew } from "./crew.js";
import { makeSigner } from "./identity.js";
import { buildManifest } from "./manifest.js";
import { judge, openFiles } from "./unseal.js";

const random = (length) => crypto.getRandomValues(new Uint8Array(length));
const custodian = (number, key) => ({
  name: `custodian ${number}`,
  identity: b64u(ed25519.getPublicKey(new Uint8Array(32).fill(number))),
  key_id: b64u(new Uint8Array(16).fill(number)),
  key,
});
const knownKey = (number) => b64u(x25519.getPublicKey(new Uint8Array(32).fill(number)));

/** A record whose custodians' private keys are 32 bytes of 1, 2 and 3. */
const knownRecord = () => ({
  v: "opening/v1", platform: "canary", tender: "canary", lot: "1", part: "whole",
  not_before: "2026-01-01T00:00:00Z", minimum: 3, threshold: 2, after: null,
  custodians: [1, 2, 3].map((number) => custodian(number, knownKey(number))),
});
const KNOWN_HEADER = "52cc6e3a9976fec1c1cda0c7a190e077707205885750216b87b7b3fe5faee21d";

/** The SHA-256 of the known header as this browser computes it. */
export async function knownAnswer() {
  const record = knownRecord();
  const openingId = await sha256(canonical(record));
  const context = await contextOf("canary", openingId, 1);
  return sha256Hex(await buildHeader(record, openingId, context, new Uint8Array(32).fill(7)));
}

/** A record like the real one, but with keys whose private halves are known here. */
function testRecord({ threshold, custodians }) {
  const scalars = custodians.map(() => random(32));
  const keys = scalars.map((scalar) => b64u(x25519.getPublicKey(scalar)));
  const record = {
    ...knownRecord(), threshold, custodians: keys.map((key, i) => custodian(i + 1, key)),
  };
  const releases = scalars.map((scalar) => ({ private_key: b64u(scalar) }));
  return { record, releases: releases.slice(-threshold) };
}

async function sealTest(record, contents) {
  const openingId = await sha256(canonical(record));
  const names = { bidder: "canary", sequence: 1 };
  const begun = await begin({ record, openingId, ...names, dek: random(32) });
  const files = contents.map((bytes, i) => new File([bytes], `${i}.bin`));
  const size = filesSize(files.map((file) => file.size));
  const pieces = [];
  const job = { files, size, ...await filesKeys(begun), salt: random(24), known: [], collect: true };
  const done = await new Crew().seal(job, ({ blob }) => blob && pieces.push(blob));
  const listed = files.map(({ name }, i) => ({
    name, size: contents[i].length, sha256: done.files[i],
  }));
  const manifest = await buildManifest({
    record, opening: hex(openingId), ...names, prices: { 1: 123456789 }, terms: {}, files: listed,
  }, await makeSigner());
  const envelope = await finish(begun, manifest, random(24));
  const sealed = new Uint8Array(await new Blob(pieces).arrayBuffer());
  return { bid: { record, openingId, ...names, envelope }, sealed };
}

/** Throws if this browser does not compute what it must; takes a fraction of a second. */
export async function canary(realRecord) {
  if (await knownAnswer() !== KNOWN_HEADER) throw new Error("the known answer differs");
  const { record, releases } = testRecord(realRecord);
  const contents = [random(40_000), new Uint8Array(0), random(25_000)];
  const { bid, sealed } = await sealTest(record, contents);
  const short = await judge({ ...bid, releases: releases.slice(1) });
  if (short.verdict !== "not_released") throw new Error("opened with too few keys");
  const opened = await judge({ ...bid, releases });
  if (opened.verdict !== "opened") throw new Error(`did not open: ${opened.reason}`);
  const files = await openFiles(opened, sealed);
  if (!contents.every((bytes, i) => equal(bytes, files[i]))) throw new Error("other contents");
}
