/** Findings arrive one by one: the list refreshes itself every two seconds until all screens are done. */

const list = document.getElementById("findings");
let failures = 0;
let before = "";

async function refresh() {
  const answer = await fetch(list.dataset.refresh, { headers: { Accept: "text/html" } }).catch(() => null);
  failures = answer?.ok ? 0 : failures + 1;
  if (answer?.ok) {
    const text = await answer.text();
    if (text !== before && !list.contains(document.activeElement)) {
      list.replaceChildren(document.createRange().createContextualFragment(text));
      before = text;
    }
    if (answer.headers.get("X-Screening") === "done") return location.reload();
  }
  setTimeout(refresh, Math.min(30000, 2000 * (1 + failures)));
}

if (list?.dataset.refresh) setTimeout(refresh, 2000);
