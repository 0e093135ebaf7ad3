"use strict";

// What this phone keeps in IndexedDB: the live codes of a place, scans that wait, and what it let in since. No names.
const keeping = (() => {
  let opened;
  const open = () => (opened ??= new Promise((done, fail) => {
    const request = indexedDB.open("door", 1);
    request.onupgradeneeded = () => {
      for (const name of ["live", "seen"]) request.result.createObjectStore(name);
      request.result.createObjectStore("queue", { keyPath: "nonce" });
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  }));
  const on = async (name, mode, act) => {
    const turn = (await open()).transaction(name, mode);
    const request = act(turn.objectStore(name));
    return new Promise((done, fail) => {
      turn.oncomplete = () => done(request.result);
      turn.onabort = turn.onerror = () => fail(turn.error);
    });
  };
  const wiped = (request) => new Promise((done) => (request.onsuccess = request.onerror = request.onblocked = done));

  return {
    get: (name, key) => on(name, "readonly", (rows) => rows.get(key)),
    all: (name) => on(name, "readonly", (rows) => rows.getAll()),
    keys: (name) => on(name, "readonly", (rows) => rows.getAllKeys()),
    put: (name, value, key) => on(name, "readwrite", (rows) => rows.put(value, key)),
    drop: (name, key) => on(name, "readwrite", (rows) => rows.delete(key)),

    // Everything: rows, pages, files, and the worker that would keep them again.
    async empty() {
      const workers = (await navigator.serviceWorker?.getRegistrations()) ?? [];
      await Promise.all(workers.map((one) => one.unregister()));
      if (window.caches) await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
      localStorage.clear();
      if (opened) (await opened).close();
      opened = Promise.reject(new Error("This phone keeps nothing any more."));
      opened.catch(() => {});
      await wiped(indexedDB.deleteDatabase("door"));
    },
  };
})();
