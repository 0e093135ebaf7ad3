"use strict";

// The service worker: caches the scanner's files and one page per checkpoint, without names. `self.checkin` is set before.
const { cache, files, home, static: base } = self.checkin;
const PAGE_TIMEOUT = 5000;
const BAD_GATEWAY = 502;

addEventListener("install", (event) => {
  event.waitUntil(caches.open(cache).then((cached) => cached.addAll(files)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const old = async () => (await caches.keys()).filter((name) => name !== cache).map((name) => caches.delete(name));
  event.waitUntil(old().then((all) => Promise.all(all)).then(() => clients.claim()));
});

// An open scanner asks for its page to be cached.
addEventListener("message", (event) => {
  const keep = async () => {
    const page = await fetch(`${event.data}offline`, { redirect: "manual" });
    if (!page.ok) return;
    await (await caches.open(cache)).put(event.data, page);
    event.source.postMessage("cached");
  };
  event.waitUntil(keep().catch(() => {}));
});

const file = async (request) => {
  const cached = await caches.match(request);
  if (cached) return cached;
  const response = await fetch(request);
  if (response.ok) await (await caches.open(cache)).put(request, response.clone());
  return response;
};

// The cached page, or a redirect to the cached scanner of some checkpoint.
const fallback = async (path) => {
  const page = await caches.match(path);
  if (page) return page;
  const cached = (await (await caches.open(cache)).keys()).map((request) => new URL(request.url).pathname);
  const scanner = cached.find((one) => one.startsWith(home));
  return scanner ? Response.redirect(scanner) : null;
};

const page = async (request) => {
  const path = new URL(request.url).pathname;
  const timeout = new Promise((done) => setTimeout(done, PAGE_TIMEOUT));
  const response = await Promise.race([fetch(request).catch(() => null), timeout]);
  if (response && response.status < BAD_GATEWAY) return response;
  return (await fallback(path)) ?? response ?? fetch(request);
};

addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (pathname.startsWith(base)) event.respondWith(file(event.request));
  else if (mode === "navigate") event.respondWith(page(event.request));
});
