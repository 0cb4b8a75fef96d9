/**
 * The two workers of a sealing: one encrypts and uploads, one hashes the files.
 *
 * Both take as little memory for 2 GiB as for 20 MB: at most two pieces wait to go up and two
 * slices wait to be hashed; whoever is ahead waits. A slice is handed over, not copied.
 */

import { concat, free, hex, sha256 } from "./encoding.js";
import { cipher } from "./cobblestone.js";
import { FileHashes } from "./sha256.js";
import { save } from "./store.js";
import { sealedPieces } from "./stream.js";
import { Refused, Rewound, Upload } from "./upload.js";

const AHEAD = 2;

/** Lets at most `limit` things be under way; `enter` waits for a place. */
class Gate {
  #free;
  #waiting = [];

  constructor(limit) {
    this.#free = limit;
  }

  async enter() {
    while (this.#free === 0) await new Promise((resolve) => this.#waiting.push(resolve));
    this.#free -= 1;
  }

  leave() {
    this.#free += 1;
    this.#waiting.shift()?.();
  }
}

/** Hashing in the other worker, by its port; `digests` gives the files' hashes at the end. */
class RemoteHashes {
  #port;
  #gate = new Gate(AHEAD);
  #finished;

  constructor(port, sizes) {
    this.#port = port;
    this.#finished = new Promise((resolve) => {
      port.onmessage = ({ data }) => (data.digests ? resolve(data.digests) : this.#gate.leave());
    });
    port.postMessage({ sizes });
  }

  async update(bytes) {
    if (bytes.length === 0) return;
    await this.#gate.enter();
    this.#port.postMessage({ bytes }, [bytes.buffer]);
  }

  digests() {
    this.#port.postMessage({ finish: true });
    return this.#finished;
  }
}

function hashFor(port) {
  let hashes;
  port.onmessage = ({ data }) => {
    if (data.sizes) hashes = new FileHashes(data.sizes);
    else if (data.finish) port.postMessage({ digests: hashes.digests() });
    else {
      hashes.update(data.bytes);
      free(data.bytes.buffer);
      port.postMessage({});
    }
  };
}

/** Sends pieces one after another while the next are being made; errors come out of `send`. */
class Queue {
  #upload;
  #gate = new Gate(AHEAD);
  #last = Promise.resolve();
  #error = null;

  constructor(upload) {
    this.#upload = upload;
  }

  async send(offset, blob, digest) {
    await this.#gate.enter();
    if (this.#error) throw this.#error;
    this.#last = this.#last.then(async () => {
      if (!this.#error) await this.#upload.send(offset, blob, digest);
    }).catch((error) => { this.#error ??= error; }).finally(() => this.#gate.leave());
  }

  async finish() {
    await this.#last;
    if (this.#error) throw this.#error;
  }
}

let upload = null;

/** Another reading of the files gave other bytes: they changed since the sealing began. */
class Changed extends Error {}

/**
 * Seals once from the start of the stream; what the server keeps already is not sent again.
 *
 * `known` holds the digests of pieces that may have left this browser before. The same key and
 * nonce must never encrypt two different texts, so a piece that differs stops everything: the
 * bid is then sealed anew under a fresh key. Digests are kept before their piece is sent.
 */
async function sealOnce(job) {
  const { files, size, key, context, salt, port, known, pendingKey, collect } = job;
  const hashes = new RemoteHashes(port, files.map((file) => file.size));
  const stream = await cipher(key, salt, context);
  const queue = upload && new Queue(upload);
  const digests = [];
  for await (const piece of sealedPieces(
    new Blob(files), size, stream, (bytes) => hashes.update(bytes),
  )) {
    const digest = await sha256(piece.bytes);
    digests.push(digest);
    const text = hex(digest);
    if (known[piece.index] === undefined) {
      known.push(text);
      if (pendingKey) await save("pending", pendingKey, known);
    } else if (known[piece.index] !== text) {
      throw new Changed();
    }
    const end = piece.offset + piece.bytes.length;
    if (queue && end > upload.offset) {
      await queue.send(piece.offset, new Blob([piece.bytes]), digest);
    }
    const blob = collect ? new Blob([piece.bytes]) : null;
    postMessage({ type: "sealed", bytes: end, blob });
  }
  await queue?.finish();
  return { digest: hex(await sha256(concat(...digests))), files: await hashes.digests() };
}

async function seal(job) {
  const onState = (state) => postMessage({ type: "upload", ...state });
  upload = job.location ? new Upload({ ...job, onState }) : null;
  for (;;) {
    await upload?.ask();
    try {
      return await sealOnce(job);
    } catch (error) {
      if (!(error instanceof Rewound)) throw error;
    }
  }
}

function describe(error) {
  if (error instanceof Refused) {
    return { code: error.code, status: error.status, message: error.message };
  }
  if (error instanceof Changed || error.name === "NotReadableError") {
    return { code: "file_changed" };
  }
  return { code: "internal", message: String(error) };
}

const orders = {
  hash: ({ port }) => hashFor(port),
  pause: () => upload?.pause(),
  resume: () => upload?.resume(),
  wake: () => upload?.wake(),
  async seal(job) {
    try {
      postMessage({ type: "done", ...await seal(job) });
    } catch (error) {
      postMessage({ type: "failed", ...describe(error) });
    }
  },
};

/** Makes this script a worker; called when it runs without a page. */
export function serve() {
  self.onmessage = ({ data }) => orders[data.order](data);
}
