"use strict";

// Keeps the files of the scanning page and one page a place, without anybody's name. `self.door` is written before it.
const { cache, files, home, static: base } = self.door;
const PATIENCE = 5000;
const GONE = 502;

addEventListener("install", (event) => {
  event.waitUntil(caches.open(cache).then((kept) => kept.addAll(files)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const old = async () => (await caches.keys()).filter((name) => name !== cache).map((name) => caches.delete(name));
  event.waitUntil(old().then((all) => Promise.all(all)).then(() => clients.claim()));
});

// A place that is open asks to be kept.
addEventListener("message", (event) => {
  const keep = async () => {
    const page = await fetch(`${event.data}offline`, { redirect: "manual" });
    if (!page.ok) return;
    await (await caches.open(cache)).put(event.data, page);
    event.source.postMessage("kept");
  };
  event.waitUntil(keep().catch(() => {}));
});

const file = async (request) => {
  const kept = await caches.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await (await caches.open(cache)).put(request, answer.clone());
  return answer;
};

const instead = async (path) => {
  const page = await caches.match(path);
  if (page) return page;
  const places = (await (await caches.open(cache)).keys()).map((one) => new URL(one.url).pathname);
  const place = places.find((one) => one.startsWith(home));
  return place ? Response.redirect(place) : null;
};

const page = async (request) => {
  const path = new URL(request.url).pathname;
  const late = new Promise((done) => setTimeout(done, PATIENCE));
  const answer = await Promise.race([fetch(request).catch(() => null), late]);
  if (answer && answer.status < GONE) return answer;
  return (await instead(path)) ?? answer ?? fetch(request);
};

addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (pathname.startsWith(base)) event.respondWith(file(event.request));
  else if (mode === "navigate") event.respondWith(page(event.request));
});
