// The phone's IndexedDB: the live codes of a checkpoint, queued scans, and codes checked in since. No names.

const NAME = "checkin";
let opened;

const open = () => (opened ??= new Promise((done, fail) => {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    for (const name of ["live", "seen"]) request.result.createObjectStore(name);
    request.result.createObjectStore("queue", { keyPath: "key" });
  };
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
}));

const run = async (name, mode, act) => {
  const transaction = (await open()).transaction(name, mode);
  const request = act(transaction.objectStore(name));
  return new Promise((done, fail) => {
    transaction.oncomplete = () => done(request.result);
    transaction.onabort = transaction.onerror = () => fail(transaction.error);
  });
};

export const get = (name, key) => run(name, "readonly", (rows) => rows.get(key));
export const all = (name) => run(name, "readonly", (rows) => rows.getAll());
export const keys = (name) => run(name, "readonly", (rows) => rows.getAllKeys());
export const put = (name, value, key) => run(name, "readwrite", (rows) => rows.put(value, key));
export const remove = (name, key) => run(name, "readwrite", (rows) => rows.delete(key));

const finished = (request) => new Promise((done) => (request.onsuccess = request.onerror = request.onblocked = done));

// Deletes everything on this phone: rows, pages, files, and the worker that would cache them again.
export async function empty() {
  const workers = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(workers.map((worker) => worker.unregister()));
  if (window.caches) await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
  localStorage.clear();
  if (opened) (await opened).close();
  opened = Promise.reject(new Error("The store of this phone was deleted."));
  opened.catch(() => {});
  await finished(indexedDB.deleteDatabase(NAME));
}
