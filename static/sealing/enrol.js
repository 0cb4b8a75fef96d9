/**
 * The enrolment page: makes this browser's signing key and asks for its certificate.
 */

import { createIdentity, enrolment } from "./identity.js";
import { byId } from "./words.js";

/** Makes the key on submit, puts the signed enrol/v1 statement into the form and sends it. */
export function startEnrolment() {
  const form = byId("enrolment-form");
  const usable = globalThis.isSecureContext && crypto.subtle && globalThis.indexedDB;
  byId("enrolment-insecure").hidden = Boolean(usable);
  byId("enrolment-submit").disabled = !usable;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    byId("enrolment-submit").disabled = true;
    const { bidder } = form.dataset;
    const statement = await enrolment(bidder, await createIdentity(bidder));
    form.elements.statement.value = JSON.stringify(statement);
    form.submit();
  });
}
