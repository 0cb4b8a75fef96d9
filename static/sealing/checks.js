/**
 * What must hold before a bid may be sealed in this browser, shown to the bidder.
 */

import { hex, unb64u } from "./encoding.js";
import { canary } from "./canary.js";
import { Stopped } from "./crew.js";
import { findSigner } from "./identity.js";
import { parseNoteKey } from "./receipt.js";
import { verifyRecord } from "./record.js";
import { byId, element, facts, grouped, status, t, timeText } from "./words.js";

/** Browsers hide their cryptography on pages that came over plain http (but not localhost). */
function checkBrowser({ https_url: httpsUrl, kit_url: kitUrl }) {
  if (globalThis.isSecureContext && crypto.subtle && globalThis.indexedDB && globalThis.Worker) {
    return;
  }
  const links = element("p", {});
  if (httpsUrl) links.append(element("a", { href: httpsUrl }, t("open_https")), " ");
  if (kitUrl) links.append(element("a", { href: kitUrl }, t("open_kit")));
  byId("sealing-problem").after(links);
  throw new Stopped(globalThis.isSecureContext ? "old_browser" : "insecure");
}

function showRecord(record, openingId) {
  const custodians = element("ol", { class: "custodians" });
  for (const { name, identity } of record.custodians) {
    custodians.append(element("li", {}, name, " ", element("code", {}, identity)));
  }
  byId("sealing-record").replaceChildren(
    facts([
      [t("opening_id"), element("code", { class: "hash" }, grouped(hex(openingId).slice(0, 32)))],
      [t("lot"), record.lot],
      [t("opens_from"), timeText(record.not_before)],
      [t("threshold"), t("threshold_text", { t: record.threshold, n: record.custodians.length })],
    ]),
    element("h3", {}, t("custodians")),
    element("p", {}, t("compare_notice")),
    custodians,
  );
}

async function checkTheRecord(context, platformKey) {
  const { record, record_signature: signature, accepts, pins } = context;
  let openingId;
  try {
    openingId = await verifyRecord({ record, signature, accepts, pins, platformKey });
  } catch (error) {
    throw new Stopped("record_bad", error.message);
  }
  showRecord(record, openingId);
  status(byId("sealing-record-status"), "good", t("record_good", { n: accepts.length }));
  return openingId;
}

async function checkComputation(record) {
  const place = byId("sealing-canary");
  status(place, "wait", t("canary_running"));
  try {
    await canary(record);
  } catch (error) {
    throw new Stopped("canary_bad", error.message);
  }
  status(place, "good", t("canary_good"));
}

/** Says whether the key is here or will be made with the first bid. */
async function showSigner(context) {
  const signer = await findSigner(context);
  if (!signer && !context.enrol_url) throw new Stopped("no_key");
  status(byId("sealing-identity"), signer ? "good" : "wait", t(signer ? "key_good" : "key_new"));
  return signer;
}

/**
 * Checks browser, record, computation and key in this order; throws Stopped at the first fault.
 *
 * Returns what a Submission trusts: {openingId, platformKey, noteKey, signer (null yet)}.
 */
export async function checkEverything(context) {
  checkBrowser(context);
  const platformKey = unb64u(context.platform_key, 32);
  const noteKey = await parseNoteKey(context.note_key);
  const openingId = await checkTheRecord(context, platformKey);
  await checkComputation(context.record);
  return { openingId, platformKey, noteKey, signer: await showSigner(context) };
}
