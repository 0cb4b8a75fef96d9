/**
 * One submission from chosen files to a verified receipt, able to go on after anything.
 *
 * Two points are kept in the browser: the begun envelope before the first slice leaves, and the
 * signed request before it is sent. After a crash the files are read again and come out the same
 * (the data key is kept, but cannot be exported); after a lost answer the same request is asked
 * again under the same idempotency key, so a bid can never stand twice.
 */

import { b64u, hex, sha256Hex } from "./encoding.js";
import { sealedSize } from "./cobblestone.js";
import { begin, filesKeys, filesSize, finish } from "./envelope.js";
import { Crew, Stopped } from "./crew.js";
import { enrolSigner, signStatement } from "./identity.js";
import { buildManifest } from "./manifest.js";
import { checkReceipt } from "./receipt.js";
import { STATEMENT_NAME } from "./statement.js";
import { load, remove, save } from "./store.js";
import { Refused, Upload } from "./upload.js";

const GONE = [404, 410];
const PROOF_PATIENCE = 60_000;
const random = (length) => crypto.getRandomValues(new Uint8Array(length));
const sleep = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
const describe = (files) => JSON.stringify(files.map((file) => (
  [file.name, file.size, file.lastModified]
)));

async function answerOf(response) {
  const body = await response.json().catch(() => ({}));
  if (response.ok && !response.redirected) return body;
  const { code = "signed_out", message = "" } = body.error ?? {};
  throw new Refused(response.status, code, message);
}

export class Submission {
  #context;
  #trusted;
  #onState;
  #crew = null;
  #key;

  /**
   * `context` is the page's JSON; `trusted` what was verified: {openingId, platformKey, noteKey,
   * signer (null if still to be made)}; `onState` hears upload and sealing states and {type: "step"}.
   */
  constructor(context, trusted, onState) {
    this.#context = context;
    this.#trusted = trusted;
    this.#onState = onState;
    this.#key = `${hex(trusted.openingId)} ${context.bidder}`;
  }

  /** What an earlier visit left: null, or {phase: "upload" | "seal", names, statement}. */
  async unfinished() {
    const pending = await load("pending", this.#key);
    if (!pending) return null;
    if (pending.sequence < this.#context.sequence && pending.phase === "upload") {
      await this.#forget();
      return null;
    }
    const names = JSON.parse(pending.files).map(([name]) => name);
    return {
      phase: pending.phase,
      names: names.filter((name) => name !== STATEMENT_NAME),
      statement: pending.statement ?? null,
    };
  }

  /** Seals and submits `files`, of which `statement` may be one; resolves with {receipt, entry, leaf, line, checkpoint, manifest, ...}. */
  async submit({ files, statement, prices, terms }) {
    this.#trusted.signer ??= await this.#enrol();
    this.#onState({ type: "signer" });
    const { pending, sealed } = await this.#sealed(files, statement);
    await this.#sign(pending, { files, prices, terms, sealed });
    return this.deliver();
  }

  /** Seals the files; once more under a fresh key if the upload is gone or a file has changed. */
  async #sealed(files, statement) {
    for (let attempt = 0; ; attempt++) {
      const pending = await this.#begun(files, statement);
      try {
        return { pending, sealed: await this.#sealFiles(pending, files) };
      } catch (error) {
        const again = GONE.includes(error.status) || error.code === "file_changed";
        if (again) await this.#forget();
        if (!again || attempt > 0) throw error;
      }
    }
  }

  /** Sends the signed request that is kept, as often as the line needs. */
  async deliver() {
    const pending = await load("pending", this.#key);
    this.#onState({ type: "step", step: "submitting" });
    const answer = await this.#post(this.#context.seal_url, pending.body).catch(async (error) => {
      if (error.code !== "signed_out") await this.#forget();
      throw error;
    });
    const checked = await this.#check(answer.receipt, pending.expected);
    const done = {
      ...checked, receiptUrl: answer.receipt_url, envelope: pending.envelope,
      manifest: pending.manifest, expected: pending.expected,
    };
    await save("receipts", checked.entry.bid, answer.receipt);
    await this.#forget();
    return done;
  }

  /** Waits for the ledger's proof of a receipt; returns the completed result, or null. */
  async proven(result) {
    if (result.checkpoint) return result;
    for (const until = Date.now() + PROOF_PATIENCE; Date.now() < until;) {
      await sleep(700);
      const response = await fetch(result.receiptUrl, { headers: { Accept: "application/json" } })
        .catch(() => null);
      const receipt = response?.ok ? (await response.json()).receipt : null;
      if (receipt?.inclusion) {
        const checked = await this.#check(receipt, result.expected);
        await save("receipts", checked.entry.bid, receipt);
        return { ...result, ...checked };
      }
    }
    return null;
  }

  /** Tells a running upload to `pause`, to `resume`, or to `wake` from waiting for the line. */
  tell(order) {
    this.#crew?.tell(order);
  }

  async #forget() {
    await remove("pending", this.#key);
    await remove("pending", `${this.#key} pieces`);
  }

  async #begun(files, statement) {
    const { record, bidder, sequence } = this.#context;
    const old = await load("pending", this.#key);
    if (old?.phase === "upload" && old.sequence === sequence && old.files === describe(files)) {
      return old;
    }
    await this.#forget();
    const { openingId } = this.#trusted;
    const begun = await begin({
      record, openingId, bidder, sequence, dek: random(32), filesSalt: random(24),
    });
    const pending = {
      ...begun, phase: "upload", files: describe(files), location: null,
      idempotencyKey: hex(random(16)),
      statement: statement ? new Uint8Array(await statement.arrayBuffer()) : null,
    };
    await save("pending", this.#key, pending);
    return pending;
  }

  async #sealFiles(pending, files) {
    if (files.length === 0) return { digest: null, hashes: [], length: 0 };
    const { csrf, upload_url: uploadUrl } = this.#context;
    const size = filesSize(files.map((file) => file.size));
    const length = sealedSize(size);
    if (!pending.location) {
      pending.location = await Upload.create(new URL(uploadUrl, location.href).href, length, csrf);
      await save("pending", this.#key, pending);
    }
    const pendingKey = `${this.#key} pieces`;
    const known = (await load("pending", pendingKey)) ?? [];
    this.#crew = new Crew();
    this.#onState({ type: "step", step: "sealing", length });
    const done = await this.#crew.seal({
      files, size, known, pendingKey, csrf, location: pending.location,
      salt: pending.filesSalt, ...await filesKeys(pending),
    }, this.#onState);
    this.#crew = null;
    return { digest: done.digest, hashes: done.files, length };
  }

  async #sign(pending, { files, prices, terms, sealed }) {
    const { record, bidder, sequence } = this.#context;
    const { openingId, signer: { identity, certificateHash } } = this.#trusted;
    const opening = hex(openingId);
    const listed = files.map(({ name, size }, i) => ({ name, size, sha256: sealed.hashes[i] }));
    const manifest = await buildManifest({
      record, opening, bidder, sequence, prices, terms, files: listed,
    }, identity);
    const envelope = await finish(pending, manifest, random(24));
    const expected = {
      opening, bidder, sequence,
      envelope_sha256: await sha256Hex(envelope),
      envelope_size: envelope.length,
      files_digest: sealed.digest,
      files_size: sealed.length,
    };
    const statement = await signStatement(
      { v: "seal/v1", ...expected, idempotency_key: pending.idempotencyKey }, identity,
    );
    const upload = pending.location ? uploadId(pending.location) : null;
    await save("pending", this.#key, {
      phase: "seal", sequence, files: pending.files, envelope, manifest,
      expected: { ...expected, certificate_sha256: certificateHash },
      body: JSON.stringify({ statement, envelope: b64u(envelope), upload }),
    });
  }

  async #enrol() {
    const { bidder, enrol_url: url } = this.#context;
    this.#onState({ type: "step", step: "enrolling" });
    return enrolSigner(bidder, async (statement) => (
      (await this.#post(url, JSON.stringify(statement))).certificate
    ));
  }

  /** Posts JSON as often as the line needs; Refused is an answer that no waiting will change. */
  async #post(url, body) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.#context.csrf };
    for (let failures = 0; ; failures++) {
      try {
        return await answerOf(await fetch(url, { method: "POST", headers, body }));
      } catch (error) {
        const final = error instanceof Refused && error.status < 500 && error.status !== 429;
        if (final) throw error;
        const wait = Math.min(15_000, 500 * 2 ** failures) * (0.75 + Math.random() / 2);
        this.#onState({ type: "upload", state: "waiting", wait });
        await sleep(wait);
      }
    }
  }

  async #check(receipt, expected) {
    const { platformKey, noteKey } = this.#trusted;
    try {
      return { receipt, ...await checkReceipt(receipt, expected, { platformKey, noteKey }) };
    } catch (error) {
      throw new Stopped("receipt_bad", error.message);
    }
  }
}

/** The id of an upload: the last part of its address. */
const uploadId = (address) => new URL(address).pathname.split("/").filter(Boolean).pop();
