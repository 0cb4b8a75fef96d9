/**
 * Runs the two workers of a sealing from the page.
 */

import { Refused } from "./upload.js";

/** The address of this very script, which the workers run as well: one bundle, one hash. */
const SCRIPT = globalThis.document?.currentScript?.src;

/** Why sealing stopped, with a `code` that the page has words for. */
export class Stopped extends Error {
  constructor(code, message = "") {
    super(message);
    this.code = code;
  }
}

export class Crew {
  #sealer = new Worker(SCRIPT);
  #hasher = new Worker(SCRIPT);

  /**
   * Seals files; resolves with {digest, files: [sha256]}, rejects with Stopped or Refused.
   *
   * `job`: files, size (padded), key, context, salt, known, pendingKey, location and csrf (no
   * location: nothing goes up), collect. `onState` hears {type: sealed, bytes, blob} (the blob
   * only if `collect` asks for it) and {type: upload, state, sent, wait}.
   */
  seal(job, onState) {
    const { port1, port2 } = new MessageChannel();
    this.#hasher.postMessage({ order: "hash", port: port1 }, [port1]);
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Stopped("internal"));
      this.#sealer.onerror = fail;
      this.#hasher.onerror = fail;
      this.#sealer.onmessage = ({ data }) => {
        if (data.type === "done") resolve(data);
        else if (data.type !== "failed") onState(data);
        else if (data.status) reject(new Refused(data.status, data.code, data.message));
        else reject(new Stopped(data.code, data.message));
      };
      this.#sealer.postMessage({ order: "seal", ...job, port: port2 }, [port2]);
    }).finally(() => this.stop());
  }

  /** Tells the upload to `pause`, to `resume`, or to `wake` from waiting for the line. */
  tell(order) {
    this.#sealer.postMessage({ order });
  }

  stop() {
    this.#sealer.terminate();
    this.#hasher.terminate();
  }
}
