/**
 * What the browser keeps between visits: keys that cannot be exported, and unfinished sealings.
 *
 * IndexedDB is used because it alone can hold a CryptoKey without showing its bytes. Everything
 * here may be wiped by the browser at any time; a bid that has a receipt does not depend on it.
 */

const NAME = "sealed-bids";
const STORES = ["identities", "pending", "receipts"];

function settle(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function open() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => STORES.forEach((name) => request.result.createObjectStore(name));
  return settle(request);
}

async function once(store, mode, act) {
  const database = await open();
  try {
    const transaction = database.transaction(store, mode, { durability: "strict" });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const value = await settle(act(transaction.objectStore(store)));
    await done;
    return value;
  } finally {
    database.close();
  }
}

export const load = (store, key) => once(store, "readonly", (found) => found.get(key));
export const save = (store, key, value) => once(store, "readwrite", (found) => found.put(value, key));
export const remove = (store, key) => once(store, "readwrite", (found) => found.delete(key));

/** Asks the browser not to wipe what is kept; it may refuse. */
export async function keep() {
  return (await navigator.storage?.persist?.()) ?? false;
}
