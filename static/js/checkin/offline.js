"use strict";

// Without a network: judged here against hash prefixes, kept, and uploaded when the network is back.
const offline = (() => {
  const RECORD = 18;
  const PREFIX = 16;
  const BATCH = 100;
  const STATES = ["live", "already", "cancelled", "reissued", "waiting"];
  const hex = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");

  // The code of a ticket; a reference or a school's list cannot be looked up here.
  const codeIn = (text) => /(?:^|\/t\/)([\w-]{22})(?:[/?#]|$)/.exec(text.trim())?.[1];
  const digestOf = async (code) =>
    hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code))).slice(0, PREFIX));

  // Sorted, so that nothing needs to be unpacked: a search by halves.
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
    Boolean(await keeping.get("seen", digest)) ||
    (await keeping.all("queue")).some((scan) => scan.digest === digest && scan.device_verdict === "in");

  const send = async (place, scans, token) => {
    const answer = await fetch(`${place}upload`, {
      method: "POST",
      redirect: "manual",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ scans: scans.map(({ nonce, digest, at, device_verdict }) => ({ nonce, digest, at, device_verdict })) }),
    });
    if (!answer.ok) return [];
    const done = (await answer.json()).scans;
    for (const scan of done) await keeping.drop("queue", scan.nonce);
    return done;
  };

  return {
    async saw(text) {
      const code = codeIn(text);
      if (code) await keeping.put("seen", Date.now(), await digestOf(code));
    },

    // The verdict of this phone, with the event as far as it is known; kept in the queue where there was a code.
    async judge(place, text, nonce) {
      const code = codeIn(text);
      const file = await keeping.get("live", place);
      if (!code || !file) return { verdict: code ? "no_list" : "unreadable" };
      const digest = await digestOf(code);
      const now = Date.now() + file.skew;
      const found = find(file, digest);
      const verdict = found ? verdictOf(found, now, await isSeen(digest)) : "unknown";
      await keeping.put("queue", { nonce, digest, at: new Date(now).toISOString(), device_verdict: verdict, place });
      return { verdict, event: found?.event };
    },

    // Brings the live codes up to date; what the server said with them, or its status where it did not.
    async sync(place) {
      const had = await keeping.get("live", place);
      const asked = Date.now();
      const headers = had ? { "If-None-Match": had.etag } : {};
      const answer = await fetch(`${place}live`, { cache: "no-store", redirect: "manual", headers });
      if (!answer.ok && answer.status !== 304) return { status: answer.status };
      const reply = JSON.parse(answer.headers.get("X-Checkin"));
      const file = answer.ok ? { etag: answer.headers.get("ETag") } : had;
      if (answer.ok) {
        const bytes = new Uint8Array(await answer.arrayBuffer());
        const end = bytes.indexOf(10);
        file.events = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))).events;
        file.codes = bytes.slice(end + 1);
      }
      file.at = Date.now();
      file.skew = Date.parse(reply.at) - (asked + file.at) / 2;
      await keeping.put("live", file, place);
      for (const digest of await keeping.keys("seen"))
        if ((await keeping.get("seen", digest)) < asked - 60000) await keeping.drop("seen", digest);
      return reply;
    },

    // Uploads what waits; the scans that the server judged otherwise. What could not be sent goes on waiting.
    async upload(token) {
      const waiting = await keeping.all("queue");
      const conflicts = [];
      for (const place of new Set(waiting.map((scan) => scan.place))) {
        const scans = waiting.filter((scan) => scan.place === place);
        for (let from = 0; from < scans.length; from += BATCH) {
          const done = await send(place, scans.slice(from, from + BATCH), token).catch(() => []);
          conflicts.push(...done.filter((scan) => scan.is_conflict));
        }
      }
      return conflicts;
    },

    waiting: async () => (await keeping.keys("queue")).length,
  };
})();
