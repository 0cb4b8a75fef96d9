/**
 * The files stream: files one after another, then zeros, encrypted in slices of 8 MiB.
 *
 * Memory stays flat whatever the size: two reads ahead, one slice being encrypted, one piece of
 * output, which is used again for the next.
 */

import { PIECE, free } from "./encoding.js";
import { CHUNK, encryptChunks, sealedSize } from "./cobblestone.js";

const READS_AHEAD = 2;

/** Bytes [from, to) of the blob, with zeros after its end. */
async function readPadded(blob, from, to) {
  const bytes = new Uint8Array(await blob.slice(from, Math.min(to, blob.size)).arrayBuffer());
  if (bytes.length === to - from) return bytes;
  const padded = new Uint8Array(to - from);
  padded.set(bytes);
  return padded;
}

/** Slices of the padded plaintext in order; the last is shorter than 8 MiB, possibly empty. */
async function* plainSlices(blob, size) {
  const count = Math.floor(size / PIECE) + 1;
  const reads = [];
  for (let n = 0; n < count; n++) {
    while (reads.length <= READS_AHEAD && n + reads.length < count) {
      const from = (n + reads.length) * PIECE;
      const read = readPadded(blob, from, Math.min(from + PIECE, size));
      read.catch(() => {});
      reads.push(read);
    }
    yield { bytes: await reads.shift(), first: n * (PIECE / CHUNK), last: n === count - 1 };
  }
}

/** Ciphertext as arrays of byte strings, a slice at a time. */
async function* sealedSlices(blob, size, stream, onPlain) {
  yield [stream.preamble];
  for await (const { bytes, first, last } of plainSlices(blob, size)) {
    const chunks = await encryptChunks(stream, bytes, first, last);
    await onPlain(bytes.subarray(0, Math.max(0, blob.size - first * CHUNK)));
    yield chunks.map((chunk) => new Uint8Array(chunk));
    free(...chunks);
  }
}

/**
 * The ciphertext in its 8 MiB pieces, as {index, offset, bytes}.
 *
 * `blob` joins the files, `size` is the padded size; `onPlain` is given each slice of the files'
 * own bytes once it is encrypted and may keep it. `bytes` is valid until the next piece only.
 */
export async function* sealedPieces(blob, size, stream, onPlain) {
  const total = sealedSize(size);
  const piece = new Uint8Array(Math.min(PIECE, total));
  let filled = 0;
  let index = 0;
  for await (const parts of sealedSlices(blob, size, stream, onPlain)) {
    for (let part of parts) {
      while (part.length > 0) {
        const take = part.subarray(0, piece.length - filled);
        piece.set(take, filled);
        filled += take.length;
        part = part.subarray(take.length);
        if (filled === Math.min(piece.length, total - index * PIECE)) {
          yield { index, offset: index * PIECE, bytes: piece.subarray(0, filled) };
          index += 1;
          filled = 0;
        }
      }
    }
  }
}
