/**
 * Withdrawing a bid: signs withdraw/v1 with this browser's key, so that nobody else can void it.
 */

import { findSigner, signStatement } from "./identity.js";
import { byId } from "./words.js";

function fail(text) {
  const place = byId("withdrawal-problem");
  place.textContent = text;
  place.hidden = false;
  place.focus();
}

/** Signs on submit and sends; the page is loaded anew when it went through. */
export function startWithdrawal() {
  const context = JSON.parse(byId("withdrawal-context").textContent);
  const form = byId("withdrawal-form");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { statement: { bidder }, certificates } = context;
    const signer = await findSigner({ bidder, certificates });
    if (signer === null) return fail(context.messages.no_key);
    const answer = await fetch(context.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": context.csrf },
      body: JSON.stringify(await signStatement(context.statement, signer.identity)),
    }).catch(() => null);
    if (answer?.ok) return location.reload();
    const said = await answer?.json().catch(() => null);
    return fail(said?.error?.message ?? context.messages.failed);
  });
}
