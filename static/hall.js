/** The opening hall refreshes its changing part every two seconds while something is awaited. */

import "./countdown.js";

const hall = document.getElementById("hall");
let failures = 0;

async function refresh() {
  const answer = await fetch(hall.dataset.refresh, { headers: { Accept: "text/html" } }).catch(() => null);
  failures = answer?.ok ? 0 : failures + 1;
  if (answer?.ok) {
    const text = await answer.text();
    if (!hall.contains(document.activeElement) && text !== hall.dataset.shown) {
      hall.replaceChildren(document.createRange().createContextualFragment(text));
      hall.dataset.shown = text;
    }
  }
  setTimeout(refresh, Math.min(30000, 2000 * (1 + failures)));
}

if (hall?.dataset.refresh) setTimeout(refresh, 2000);
