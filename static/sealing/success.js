/**
 * The receipt, shown only after this browser has verified it.
 */

import encodeQR from "qr";
import { b64u, fromUtf8, hex, parse } from "./encoding.js";
import { qrText } from "./receipt.js";
import { formatFen } from "./amount.js";
import { byId, downloadLink, element, facts, grouped, sizeText, t, timeText } from "./words.js";

const SCALE = 4;
const QUIET = 4;

function qrCode(text) {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: QUIET });
  const canvas = element("canvas", { role: "img", "aria-label": t("qr_label"), class: "qr" });
  canvas.width = canvas.height = rows.length * SCALE;
  const paint = canvas.getContext("2d");
  paint.fillStyle = "#fff";
  paint.fillRect(0, 0, canvas.width, canvas.height);
  paint.fillStyle = "#000";
  rows.forEach((row, y) => row.forEach((dark, x) => {
    if (dark) paint.fillRect(x * SCALE, y * SCALE, SCALE, SCALE);
  }));
  return canvas;
}

function sealedFacts(manifestBytes) {
  const manifest = parse(manifestBytes);
  const prices = Object.values(manifest.prices_fen).map((fen) => `¥${formatFen(fen)}`);
  const names = manifest.files.map(({ name, size, sha256 }) => (
    element("li", {}, `${name}, ${sizeText(size)}`, element("br"), element("code", { class: "hash" }, sha256))
  ));
  return [
    ...(prices.length > 0 ? [[t("price"), prices.join(", ")]] : []),
    [t("files"), names.length > 0 ? element("ul", {}, ...names) : t("no_files")],
  ];
}

function downloads({ entry, receipt, envelope, manifest }) {
  const json = "application/json";
  return element(
    "p", { class: "actions" },
    downloadLink(t("save_receipt"), `receipt-${entry.bid}.json`, JSON.stringify(receipt), json),
    downloadLink(t("save_envelope"), `${entry.bid}.sealed`, envelope, "application/octet-stream"),
    downloadLink(t("save_list"), `sealed-list-${entry.bid}.json`, fromUtf8(manifest), json),
  );
}

/** Shows a verified result of a Submission; without a checkpoint it says that the proof is due. */
export function showReceipt(result, verifyUrl) {
  const { entry, leaf, checkpoint, manifest } = result;
  const place = byId("sealing-receipt");
  const proof = checkpoint
    ? t("proof_good", { seq: entry.seq, size: checkpoint.size })
    : t("proof_due");
  place.replaceChildren(
    element("h2", {}, t(checkpoint ? "receipt_title" : "receipt_title_waiting")),
    element("p", { class: `notice ${checkpoint ? "ok" : "wait"}` }, t("receipt_text")),
    facts([
      [t("received_at"), timeText(entry.time)],
      [t("bid_id"), element("code", { class: "hash" }, grouped(entry.bid))],
      [t("sequence"), String(entry.sequence)],
      [t("ledger_entry"), `${entry.seq}`],
      [t("proof"), proof],
      [t("envelope_hash"), element("code", { class: "hash" }, grouped(entry.envelope_sha256))],
      [t("leaf_hash"), element("code", { class: "hash" }, grouped(hex(leaf)))],
      ...sealedFacts(manifest),
    ]),
    qrCode(qrText(entry, new URL(verifyUrl, location.href).href)),
    downloads(result),
    element("p", { class: "hint" }, t("keep_secret")),
  );
  place.dataset.leaf = b64u(leaf);
  place.dataset.proven = checkpoint ? "yes" : "no";
  place.hidden = false;
  place.focus();
}
