// Checking in without a network: decides with hash prefixes of the codes, queues the scans, and uploads them later.

import * as store from "./store.js";

// The format of the file of live codes; see tickets/checkin/offline.py.
const RECORD = 18;
const PREFIX = 16;
const STATES = ["live", "already", "cancelled", "reissued", "waiting"];
const BATCH = 100;

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// The code of a ticket; references and school lists cannot be looked up here.
const codeIn = (text) => /(?:^|\/t\/)([\w-]{22})(?:[/?#]|$)/.exec(text.trim())?.[1];
const digestOf = async (code) =>
  hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code))).slice(0, PREFIX));

// Binary search in the sorted records, so that nothing needs to be unpacked.
const find = ({ events, codes }, digest) => {
  for (let low = 0, high = codes.length / RECORD - 1; low <= high; ) {
    const at = ((low + high) >> 1) * RECORD;
    const here = hex(codes.subarray(at, at + PREFIX));
    if (here === digest) {
      const tail = codes[at + PREFIX] * 256 + codes[at + PREFIX + 1];
      return { event: events[tail >> 3], state: STATES[tail & 7] };
    }
    if (here < digest) low = at / RECORD + 1;
    else high = at / RECORD - 1;
  }
  return null;
};

const verdictOf = ({ event, state }, now, isSeen) => {
  if (state !== "live" && state !== "already") return state;
  if (!event.here) return "other_event";
  if (now < event.from || now >= event.until) return "other_day";
  if (now < event.opens) return "too_soon";
  return state === "already" || isSeen ? "already" : "in";
};

const isSeen = async (digest) =>
  Boolean(await store.get("seen", digest)) ||
  (await store.all("queue")).some((scan) => scan.digest === digest && scan.device_verdict === "in");

// Remembers a code that the server has just checked in, until the live codes say so.
export async function remember(text) {
  const code = codeIn(text);
  if (code) await store.put("seen", Date.now(), await digestOf(code));
}

// The verdict of this phone, and the event if it is known. Scans of a code are queued for upload.
export async function decide(checkpoint, text, key) {
  const code = codeIn(text);
  const file = await store.get("live", checkpoint);
  if (!code || !file) return { verdict: code ? "no_list" : "unreadable" };
  const digest = await digestOf(code);
  const now = Date.now() + file.skew;
  const found = find(file, digest);
  const verdict = found ? verdictOf(found, now, await isSeen(digest)) : "unknown";
  await store.put("queue", { key, digest, at: new Date(now).toISOString(), device_verdict: verdict, checkpoint });
  return { verdict, event: found?.event };
}

const parsed = (buffer) => {
  const bytes = new Uint8Array(buffer);
  const end = bytes.indexOf(10);
  return { events: JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))).events, codes: bytes.slice(end + 1) };
};

// Downloads the live codes if they changed. Returns time, counts and token from the server, or its status if it failed.
export async function sync(checkpoint) {
  const stored = await store.get("live", checkpoint);
  const asked = Date.now();
  const headers = stored ? { "If-None-Match": stored.etag } : {};
  const response = await fetch(`${checkpoint}live`, { cache: "no-store", redirect: "manual", headers });
  if (!response.ok && response.status !== 304) return { status: response.status };
  const reply = JSON.parse(response.headers.get("X-Checkin"));
  const file = response.ok ? { etag: response.headers.get("ETag"), ...parsed(await response.arrayBuffer()) } : stored;
  file.at = Date.now();
  file.skew = Date.parse(reply.at) - (asked + file.at) / 2;
  await store.put("live", file, checkpoint);
  for (const digest of await store.keys("seen"))
    if ((await store.get("seen", digest)) < asked - 60000) await store.remove("seen", digest);
  return reply;
}

const send = async (checkpoint, scans, token) => {
  const response = await fetch(`${checkpoint}upload`, {
    method: "POST",
    redirect: "manual",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify({
      scans: scans.map(({ key, digest, at, device_verdict }) => ({ key, digest, at, device_verdict })),
    }),
  });
  if (!response.ok) return [];
  const done = (await response.json()).scans;
  for (const scan of done) await store.remove("queue", scan.key);
  return done;
};

// Uploads the queue; returns the scans that the server decided differently. What could not be sent stays queued.
export async function upload(token) {
  const queue = await store.all("queue");
  const conflicts = [];
  for (const checkpoint of new Set(queue.map((scan) => scan.checkpoint))) {
    const scans = queue.filter((scan) => scan.checkpoint === checkpoint);
    for (let from = 0; from < scans.length; from += BATCH) {
      const done = await send(checkpoint, scans.slice(from, from + BATCH), token).catch(() => []);
      conflicts.push(...done.filter((scan) => scan.is_conflict));
    }
  }
  return conflicts;
}

export const waiting = async () => (await store.keys("queue")).length;
