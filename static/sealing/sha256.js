/**
 * A running SHA-256, for files too large to be hashed from memory.
 */

import { compress } from "sealing:rounds";
import { hex } from "./encoding.js";

const START = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

export class RunningSha256 {
  #state = Int32Array.from(START);
  #block = new Uint8Array(64);
  #filled = 0;
  #length = 0;

  update(bytes) {
    this.#length += bytes.length;
    let at = 0;
    if (this.#filled > 0) {
      at = Math.min(64 - this.#filled, bytes.length);
      this.#block.set(bytes.subarray(0, at), this.#filled);
      this.#filled += at;
      if (this.#filled < 64) return this;
      this.#compress(this.#block, 0, 1);
    }
    const blocks = Math.floor((bytes.length - at) / 64);
    this.#compress(bytes, at, blocks);
    const rest = bytes.subarray(at + 64 * blocks);
    this.#block.set(rest);
    this.#filled = rest.length;
    return this;
  }

  /** The digest in hex; the object is of no use afterwards. */
  hexdigest() {
    const bits = BigInt(this.#length) * 8n;
    const tail = new Uint8Array(this.#filled < 56 ? 64 : 128);
    tail.set(this.#block.subarray(0, this.#filled));
    tail[this.#filled] = 0x80;
    new DataView(tail.buffer).setBigUint64(tail.length - 8, bits);
    this.#compress(tail, 0, tail.length / 64);
    const digest = new DataView(new ArrayBuffer(32));
    this.#state.forEach((word, i) => digest.setInt32(4 * i, word));
    return hex(new Uint8Array(digest.buffer));
  }

  #compress(bytes, at, blocks) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    compress(this.#state, view, at, blocks);
  }
}

/** Hashes several files that arrive as one stream of slices, in order. */
export class FileHashes {
  #sizes;
  #current = new RunningSha256();
  #left;
  #digests = [];

  constructor(sizes) {
    this.#sizes = sizes;
    this.#left = sizes[0] ?? 0;
    this.#closeFinished();
  }

  update(bytes) {
    let at = 0;
    while (at < bytes.length) {
      const part = bytes.subarray(at, at + this.#left);
      this.#current.update(part);
      this.#left -= part.length;
      at += part.length;
      this.#closeFinished();
    }
  }

  digests() {
    if (this.#digests.length !== this.#sizes.length) throw new Error("files are shorter than said");
    return this.#digests;
  }

  #closeFinished() {
    while (this.#left === 0 && this.#digests.length < this.#sizes.length) {
      this.#digests.push(this.#current.hexdigest());
      this.#current = new RunningSha256();
      this.#left = this.#sizes[this.#digests.length] ?? 0;
    }
  }
}
