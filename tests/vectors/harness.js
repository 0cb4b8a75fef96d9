/** All sealing modules as `window.sealing`, for tests and benches in a real browser. */

import * as amount from "../../static/sealing/amount.js";
import * as canary from "../../static/sealing/canary.js";
import * as cobblestone from "../../static/sealing/cobblestone.js";
import * as crew from "../../static/sealing/crew.js";
import * as encoding from "../../static/sealing/encoding.js";
import * as envelope from "../../static/sealing/envelope.js";
import * as identity from "../../static/sealing/identity.js";
import * as inspect from "../../static/sealing/inspect.js";
import * as manifest from "../../static/sealing/manifest.js";
import * as receipt from "../../static/sealing/receipt.js";
import * as record from "../../static/sealing/record.js";
import * as sha256 from "../../static/sealing/sha256.js";
import * as unseal from "../../static/sealing/unseal.js";
import * as upload from "../../static/sealing/upload.js";
import { serve } from "../../static/sealing/worker.js";

/** Seals files, given by their paths, by the real workers; the ciphertext is PUT to `out`. */
async function sealBid({ record: sealedFor, bidder, sequence, prices, files, signed, out }) {
  const { b64u, canonical, hex, sha256: hash } = encoding;
  const random = (length) => crypto.getRandomValues(new Uint8Array(length));
  const openingId = await hash(canonical(sealedFor));
  const begun = await envelope.begin({
    record: sealedFor, openingId, bidder, sequence, dek: random(32),
  });
  const made = await Promise.all(files.map(async ({ name, path }) => (
    new File([await bytesAt(path)], name)
  )));
  const size = envelope.filesSize(made.map((file) => file.size));
  const pieces = [];
  let done = { digest: null, files: [] };
  if (made.length > 0) {
    done = await new crew.Crew().seal({
      files: made, size, salt: random(24), known: [], collect: true,
      ...await envelope.filesKeys(begun),
    }, ({ blob }) => blob && pieces.push(blob));
  }
  const listed = made.map(({ name, size: length }, i) => (
    { name, size: length, sha256: done.files[i] }
  ));
  const bytes = await manifest.buildManifest({
    record: sealedFor, opening: hex(openingId), bidder, sequence, prices, terms: {}, files: listed,
  }, signed ? await identity.makeSigner() : null);
  await fetch(out, { method: "PUT", body: new Blob(pieces) });
  return {
    envelope: b64u(await envelope.finish(begun, bytes, random(24))),
    digest: done.digest,
    pieces: await encoding.pieceDigest(new Blob(pieces)),
  };
}

const bytesAt = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());

/** Opens a bid as the opening would: the judgement, and the SHA-256s of its files. */
async function openBid({ record: sealedFor, releases, bidder, sequence, envelope: sealed, files }) {
  const openingId = await encoding.sha256(encoding.canonical(sealedFor));
  const judged = await unseal.judge({
    record: sealedFor, openingId, bidder, sequence, releases, envelope: encoding.unb64u(sealed),
  });
  const opened = files && judged.verdict === "opened"
    ? await unseal.openFiles(judged, await bytesAt(files)) : [];
  const { verdict, reason, manifest: said } = judged;
  return { verdict, reason, manifest: said ?? null, files: await Promise.all(opened.map(encoding.sha256Hex)) };
}

if (globalThis.document === undefined) serve();
else {
  globalThis.sealing = {
    amount, canary, cobblestone, crew, encoding, envelope, identity, inspect, manifest, receipt,
    record, sha256, unseal, upload, sealBid, openBid,
  };
}
