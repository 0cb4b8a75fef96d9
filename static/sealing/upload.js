/**
 * Encrypted slices on their way up: tus 1.0 with a SHA-256 for every request.
 *
 * Lines in the villages break. A request that fails is asked about (HEAD) and continued from the
 * server's offset, with shorter requests while the line is bad, and waits that grow to half a
 * minute. Only an answer that will not change by waiting ends the upload, with `Refused`.
 * Bodies are Blobs: array buffers are copied once more on their way to the network.
 */

import { base64, sha256 } from "./encoding.js";

const SMALLEST = 256 * 1024;
const LARGEST = 8 * 1024 * 1024;
const STALLED = 30_000;
const LONGEST_WAIT = 30_000;
// A session that has ended answers 401 or 403, or leads to the log-in page, which answers 200.
const SIGNED_OUT = [200, 401, 403];
const VERSION = { "Tus-Resumable": "1.0.0" };

/** The server's final no. `code` and `message` come from its answer where it gave them. */
export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

/** The server has fewer bytes than it said: the stream must be made again from the start. */
export class Rewound extends Error {}

class LineBroken extends Error {}

/** One request; resolves with {status, header, text}, rejects with LineBroken. */
function request(method, url, { headers = {}, body = null, onSent, signal } = {}) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    let watchdog;
    const broken = () => {
      clearTimeout(watchdog);
      reject(new LineBroken());
    };
    const watch = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => xhr.abort(), STALLED);
    };
    xhr.open(method, url);
    Object.entries({ ...VERSION, ...headers }).forEach(([name, value]) => {
      xhr.setRequestHeader(name, value);
    });
    xhr.onload = () => {
      clearTimeout(watchdog);
      const header = (name) => xhr.getResponseHeader(name);
      resolve({ status: xhr.status, header, text: xhr.responseText, url: xhr.responseURL });
    };
    xhr.onerror = broken;
    xhr.onabort = broken;
    xhr.upload.onprogress = (event) => {
      watch();
      onSent?.(event.loaded);
    };
    signal?.addEventListener("abort", () => xhr.abort(), { once: true });
    watch();
    xhr.send(body);
  });
}

function refusal({ status, text }) {
  let error = {};
  try {
    error = JSON.parse(text).error ?? {};
  } catch {
    // A proxy's page of its own: the status is all there is to say.
  }
  const plain = SIGNED_OUT.includes(status) ? "signed_out" : `http_${status}`;
  return new Refused(status, error.code ?? plain, error.message ?? "");
}

const passing = (status) => status === 423 || status === 429 || status >= 500;

export class Upload {
  #location;
  #csrf;
  #onState;
  #step = LARGEST;
  #failures = 0;
  #paused = null;
  #resume = null;
  #inFlight = null;

  /** Bytes that the server has said it keeps. */
  offset = 0;

  /** `onState({sent, state, wait})` is told of every change; state: sending, waiting, paused. */
  constructor({ location, csrf, onState = () => {} }) {
    this.#location = location;
    this.#csrf = csrf;
    this.#onState = onState;
  }

  /** Makes an upload of `length` bytes at the server; returns its address. */
  static async create(uploadUrl, length, csrf, onState = () => {}) {
    const maker = new Upload({ csrf, onState });
    const answer = await maker.#insist(() => request("POST", uploadUrl, {
      headers: { "Upload-Length": String(length), "X-CSRFToken": csrf },
    }), [201]);
    return new URL(answer.header("Location"), uploadUrl).href;
  }

  /** Asks the server how much it has; to be called before the first slice. */
  async ask() {
    const answer = await this.#insist(() => request("HEAD", this.#location), [200, 204]);
    this.#take(answer);
    return this.offset;
  }

  /** Sends the piece at `start` with this SHA-256; returns when the server keeps all of it. */
  async send(start, blob, digest) {
    while (this.offset < start + blob.size) {
      if (this.offset < start) throw new Rewound();
      const from = this.offset - start;
      const part = blob.slice(from, from + this.#step);
      const whole = part.size === blob.size;
      await this.#patch(part, whole ? digest : await sha256(await part.arrayBuffer()));
    }
  }

  pause() {
    this.#paused ??= new Promise((resolve) => { this.#resume = resolve; });
    this.#inFlight?.abort();
    this.#report("paused");
  }

  resume() {
    this.#paused = null;
    this.#resume?.();
  }

  /** Ends a wait early, because the line is said to be back; a pause stays. */
  wake() {
    if (!this.#paused) this.#resume?.();
  }

  async #patch(part, digest) {
    const headers = {
      "Content-Type": "application/offset+octet-stream",
      "Upload-Offset": String(this.offset),
      "Upload-Checksum": `sha256 ${base64(digest)}`,
      "X-CSRFToken": this.#csrf,
    };
    await this.#waitWhilePaused();
    this.#inFlight = new AbortController();
    const signal = this.#inFlight.signal;
    const onSent = (bytes) => this.#report("sending", { sent: this.offset + bytes });
    let answer;
    try {
      answer = await request("PATCH", this.#location, { headers, body: part, onSent, signal });
    } catch (error) {
      if (!(error instanceof LineBroken)) throw error;
      await this.#afterFailure();
      return;
    }
    await this.#afterAnswer(answer);
  }

  async #afterAnswer(answer) {
    if (answer.status === 204) {
      this.#take(answer);
      this.#failures = 0;
      this.#step = Math.min(LARGEST, this.#step * 2);
      this.#report("sending");
    } else if (answer.status === 409) {
      await this.ask();
    } else if (answer.status === 460 || passing(answer.status)) {
      await this.#afterFailure(answer);
    } else {
      throw refusal(answer);
    }
  }

  async #afterFailure(answer) {
    if (!this.#paused) {
      this.#step = Math.max(SMALLEST, this.#step / 2);
      await this.#wait(answer);
    }
    await this.#waitWhilePaused();
    await this.ask();
  }

  #take(answer) {
    const offset = Number(answer.header("Upload-Offset") ?? NaN);
    if (!Number.isSafeInteger(offset)) throw new Refused(answer.status, "signed_out", "");
    this.offset = offset;
  }

  async #insist(ask, good) {
    for (;;) {
      await this.#waitWhilePaused();
      let answer = null;
      try {
        answer = await ask();
      } catch (error) {
        if (!(error instanceof LineBroken)) throw error;
      }
      if (answer && good.includes(answer.status)) return answer;
      if (answer && !passing(answer.status)) throw refusal(answer);
      await this.#wait(answer);
    }
  }

  async #waitWhilePaused() {
    while (this.#paused) await this.#paused;
  }

  #wait(answer) {
    const said = Number(answer?.header("Retry-After") ?? 0) * 1000;
    const grown = Math.min(LONGEST_WAIT, 1000 * 2 ** this.#failures);
    this.#failures += 1;
    const wait = Math.max(said, grown * (0.75 + Math.random() / 2));
    this.#report("waiting", { wait });
    return new Promise((resolve) => {
      this.#resume = resolve;
      setTimeout(resolve, wait);
    });
  }

  #report(state, more = {}) {
    this.#onState({ state, sent: this.offset, ...more });
  }
}
