// The phone's IndexedDB: the live codes of a checkpoint, queued scans, and codes checked in since. No names.
// All of it is in memory too, so that an open page goes on when the browser keeps nothing or deletes it.

const NAME = "checkin";
const TIMEOUT = 4000;
const memory = { live: new Map(), seen: new Map(), queue: new Map() };
let opened;
let isEmptied = false;
let lasts = true;

const open = () => new Promise((done, fail) => {
  // Some browsers never answer.
  setTimeout(() => fail(new Error("The store of this phone does not open.")), TIMEOUT);
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    for (const name of ["live", "seen"]) request.result.createObjectStore(name);
    request.result.createObjectStore("queue", { keyPath: "key" });
  };
  request.onsuccess = () => {
    request.result.onversionchange = () => request.result.close();
    done(request.result);
  };
  request.onerror = () => fail(request.error);
});

const attempt = async (name, mode, act) => {
  if (isEmptied) throw new Error("The store of this phone was deleted.");
  if (!opened) opened = open();
  const transaction = (await opened).transaction(name, mode);
  const request = act(transaction.objectStore(name));
  return new Promise((done, fail) => {
    transaction.oncomplete = () => done(request.result);
    transaction.onabort = transaction.onerror = () => fail(transaction.error);
  });
};
// Opens the store anew if it was closed meanwhile. One that does not open is not tried again: that may take seconds.
const run = (...given) => attempt(...given).catch((error) => {
  if (isEmptied || error.name !== "InvalidStateError") throw error;
  opened = undefined;
  return attempt(...given);
});
const orNothing = (promise, nothing) => promise.catch(() => nothing);

// Whether the last write will outlast this page.
export const isLasting = () => lasts;

const stored = (name, key) => orNothing(run(name, "readonly", (rows) => rows.get(key)));
// What another tab has seen since counts more than what this one remembers.
export const get = async (name, key) =>
  name === "seen" && lasts ? (await stored(name, key)) ?? memory.seen.get(key) : memory[name].get(key) ?? stored(name, key);
export const keys = async (name) => {
  const found = await orNothing(run(name, "readonly", (rows) => rows.getAllKeys()), []);
  return [...new Set([...found, ...memory[name].keys()])];
};
export const all = async (name) => Promise.all((await keys(name)).map((key) => get(name, key)));

export async function put(name, value, key = value.key) {
  if (isEmptied) return;
  memory[name].set(key, value);
  lasts = await orNothing(run(name, "readwrite", (rows) => rows.put(value, ...(name === "queue" ? [] : [key]))).then(() => true), false);
}
export async function remove(name, key) {
  memory[name].delete(key);
  await orNothing(run(name, "readwrite", (rows) => rows.delete(key)));
}

// Asks the browser not to delete anything when space runs short.
export const persist = async () => {
  const { storage } = navigator;
  return Boolean((await storage?.persisted?.()) || (await storage?.persist?.()));
};

const finished = (request) => new Promise((done) => (request.onsuccess = request.onerror = request.onblocked = done));

// Deletes everything on this phone: rows, pages, files, and the worker that would cache them again.
export async function empty() {
  isEmptied = true;
  Object.values(memory).forEach((rows) => rows.clear());
  const workers = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(workers.map((worker) => worker.unregister()));
  if (window.caches) await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
  localStorage.clear();
  const database = await orNothing(Promise.resolve(opened));
  database?.close();
  await finished(indexedDB.deleteDatabase(NAME));
}
