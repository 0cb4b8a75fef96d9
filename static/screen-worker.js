/** The hall screen's service worker: the network first, the last good answer without it. */
const KEPT = "screen-1";

async function remembered(request) {
  const found = await (await caches.open(KEPT)).match(request, { ignoreVary: true });
  if (!found) return Response.error();
  const headers = new Headers(found.headers);
  headers.set("X-From-Cache", "yes");
  return new Response(await found.blob(), { status: found.status, headers });
}

async function answer(request) {
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await (await caches.open(KEPT)).put(request, fresh.clone());
    return fresh.ok ? fresh : await remembered(request);
  } catch {
    return remembered(request);
  }
}

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});
