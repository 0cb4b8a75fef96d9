/**
 * The hall's display: fetches itself every half minute and goes on without a connection.
 *
 * Deadlines and the clock count on by the server's time; what is shown stays until the next good
 * answer. A service worker keeps the last page, so that a display that starts anew while offline
 * shows it again (browsers allow that over https and on localhost only).
 */
import "./countdown.js";

const EVERY = 30_000;
const board = document.getElementById("board");
const offline = document.getElementById("offline");

async function refresh() {
  try {
    const answer = await fetch(location.href, { cache: "no-store", headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("board");
    if (fresh) board.replaceChildren(...document.importNode(fresh, true).childNodes);
    offline.hidden = !answer.headers.has("X-From-Cache");
  } catch {
    offline.hidden = false;
  }
  setTimeout(refresh, EVERY);
}

setTimeout(refresh, EVERY);
navigator.serviceWorker?.register("/screen/worker.js", { scope: "/screen/" }).catch(() => {});
