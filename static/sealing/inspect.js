/**
 * A look at a chosen file before it is sealed: pages, and signs that it is the wrong one.
 *
 * Nobody can look into a sealed bid, so an empty or blank document is found at the opening, when
 * it is too late. These are signs for the bidder to look again, never a reason to refuse.
 */

const WINDOW = 4 * 1024 * 1024;
const OVERLAP = 64 * 1024;
const INFLATED_LIMIT = 64 * 1024 * 1024;
const LARGEST_SCAN = 256 * 1024 * 1024;
const MAGIC = { pdf: "%PDF-", docx: "PK", xlsx: "PK", pptx: "PK", zip: "PK", ofd: "PK" };
const PAGE = /\/Type\s*\/Page(?![A-Za-z])/g;
const SHOWS = /\/(?:Font|Image|XObject|Pattern|Shading)\b/;

const latin1 = (bytes) => new TextDecoder("latin1").decode(bytes);

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const reader = stream.getReader();
  let text = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done || text.length > INFLATED_LIMIT) break;
      text += latin1(value);
    }
  } catch {
    // Bytes after the end of the compressed data raise an error; what came before is good.
  }
  reader.cancel().catch(() => {});
  return text;
}

/** Text of the object streams (PDF 1.5), in which the pages of most PDFs are described. */
async function objectStreams(text, bytes) {
  const found = [];
  for (const start of text.matchAll(/\/Type\s*\/ObjStm[^]{0,400}?stream\r?\n/g)) {
    const from = start.index + start[0].length;
    const to = text.indexOf("endstream", from);
    if (to > 0) found.push(await inflate(bytes.subarray(from, to)));
  }
  return found.join("\n");
}

/** Pages of a PDF by their objects: {pages, shows, encrypted}; pages 0 if none was found. */
async function scanPdf(file) {
  let [pages, shows, encrypted] = [0, false, false];
  for (let at = 0; at < file.size; at += WINDOW) {
    const last = at + WINDOW >= file.size;
    const slice = file.slice(at, at + WINDOW + OVERLAP);
    const bytes = new Uint8Array(await slice.arrayBuffer());
    const plain = latin1(bytes);
    const own = (match) => match.index < WINDOW || last;
    pages += [...plain.matchAll(PAGE)].filter(own).length;
    const streams = await objectStreams(plain, bytes);
    pages += [...streams.matchAll(PAGE)].length;
    shows ||= SHOWS.test(plain) || SHOWS.test(streams);
    encrypted ||= /\/Encrypt\s/.test(plain);
  }
  return { pages, shows, encrypted };
}

async function isBlank(file) {
  const bytes = new Uint8Array(await file.slice(0, WINDOW).arrayBuffer());
  return file.size <= WINDOW && bytes.every((byte) => byte <= 0x20 || byte === 0xff);
}

/** {pages: number or null, warnings: [codes]} of a File; reads it slice by slice. */
export async function inspect(file) {
  const warnings = [];
  if (file.size === 0) return { pages: null, warnings: ["file_empty"] };
  const extension = file.name.toLowerCase().split(".").pop();
  const magic = MAGIC[extension];
  const head = latin1(new Uint8Array(await file.slice(0, 1024).arrayBuffer()));
  if (magic && !(extension === "pdf" ? head.includes(magic) : head.startsWith(magic))) {
    warnings.push("file_kind");
  } else if (await isBlank(file)) {
    warnings.push("file_blank");
  }
  if (extension !== "pdf" || warnings.length > 0 || file.size > LARGEST_SCAN) {
    return { pages: null, warnings };
  }
  const { pages, shows, encrypted } = await scanPdf(file);
  if (encrypted) warnings.push("file_encrypted");
  else if (pages > 0 && !shows) warnings.push("file_blank");
  else if (pages === 0) warnings.push("file_no_pages");
  return { pages: pages || null, warnings };
}
