"use strict";

// The service worker: caches the scanner's files and one page per checkpoint, without names. `self.checkin` is set before.
const { cache, files, home, static: base } = self.checkin;
const PAGE_TIMEOUT = 5000;
const BAD_GATEWAY = 502;

// A page of the network in between is no file of ours, although it comes with the status 200.
const isFile = (response) => response.ok && !(response.headers.get("Content-Type") || "").includes("html");
const isPage = (response) => response.ok && response.headers.has("X-Checkin");

const keep = async (wanted) => {
  const cached = await caches.open(cache);
  for (const file of wanted)
    if (!(await cached.match(file))) {
      const response = await fetch(file, { redirect: "manual" });
      if (!isFile(response)) throw new Error(`${file} did not come.`);
      await cached.put(file, response);
    }
};

const pageOf = (path) => fetch(`${path}offline`, { redirect: "manual" });
const cachePage = async (path) => {
  const cached = await caches.open(cache);
  const page = await pageOf(path).catch(() => null);
  if (page && isPage(page)) await cached.put(path, page);
  return Boolean(await cached.match(path));
};

// A new release takes over the pages and decoders of the one before, so that the phone stays ready. It waits until it
// can; a gate that is gone is left behind.
const inherit = async () => {
  const cached = await caches.open(cache);
  for (const name of await caches.keys()) {
    const old = await caches.open(name);
    for (const request of name === cache ? [] : await old.keys()) {
      const path = new URL(request.url).pathname;
      if (path.includes("/vendor/")) await cached.put(request, await old.match(request));
      if (!path.startsWith(home)) continue;
      const page = await pageOf(path);
      if (isPage(page)) await cached.put(path, page);
      else if (page.status !== 404 || !page.headers.has("X-Checkin")) throw new Error(`${path} did not come.`);
    }
  }
};

addEventListener("install", (event) => event.waitUntil(keep(files).then(inherit).then(() => skipWaiting())));

addEventListener("activate", (event) => {
  const old = async () => (await caches.keys()).filter((name) => name !== cache).map((name) => caches.delete(name));
  event.waitUntil(old().then((all) => Promise.all(all)).then(() => clients.claim()));
});

// An open scanner asks for its page to be cached, with all files that it needs.
addEventListener("message", (event) => {
  const { page: path, files: more } = event.data;
  const cacheAll = () => keep([...files, ...more]).then(() => cachePage(path));
  event.waitUntil(cacheAll().catch(() => false).then((isCached) => event.source.postMessage({ isCached })));
});

const file = async (request) => {
  const cached = await caches.match(request);
  if (cached) return cached;
  const response = await fetch(request);
  if (isFile(response)) await (await caches.open(cache)).put(request, response.clone());
  return response;
};

// The cached page, or a redirect to the cached scanner of some checkpoint, which says so if another was opened.
const fallback = async (path) => {
  const page = await caches.match(path);
  if (page) return page;
  const cached = (await (await caches.open(cache)).keys()).map((request) => new URL(request.url).pathname);
  const scanner = cached.find((one) => one.startsWith(home));
  return scanner ? Response.redirect(path === home ? scanner : `${scanner}#elsewhere`) : null;
};

const page = async (request) => {
  const path = new URL(request.url).pathname;
  const timeout = new Promise((done) => setTimeout(done, PAGE_TIMEOUT));
  const response = await Promise.race([fetch(request).catch(() => null), timeout]);
  if (response && response.status < BAD_GATEWAY && (!response.ok || isPage(response))) return response;
  return (await fallback(path)) ?? response ?? fetch(request);
};

addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (pathname.startsWith(base)) event.respondWith(file(event.request));
  else if (mode === "navigate") event.respondWith(page(event.request));
});
