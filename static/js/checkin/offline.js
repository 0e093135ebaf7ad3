// Checking in without a network: decides with hash prefixes of the codes, queues the scans, and uploads them later.

import { ask } from "./server.js";
import * as store from "./store.js";

// The format of the file of live codes; see tickets/checkin/offline.py.
const RECORD = 18;
const PREFIX = 16;
const STATES = ["live", "already", "cancelled", "reissued", "waiting"];
const BATCH = 100;
// Milliseconds; a page that sleeps may lose less time than this without being told.
const JUMP = 6 * 3600000;
const TRANSFER_TIMEOUT = 20000;

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

const verdictOf = ({ event, state }, now, isIn) => {
  if (state !== "live" && state !== "already") return state;
  if (!event.here) return "other_event";
  if (now < event.from || now >= event.until) return "other_day";
  if (now < event.opens) return "too_soon";
  return isIn ? "already" : "in";
};

// Whether this code is in: what happened on this phone counts until the live codes say so; undone is negative.
const isIn = async (digest, state) => {
  const at = await store.get("seen", digest);
  if (at) return at > 0;
  const queue = await store.all("queue");
  const undone = new Set(queue.map((scan) => scan.undoes));
  return state === "already" || queue.some((scan) => scan.digest === digest && scan.device_verdict === "in" && !undone.has(scan.key));
};

// Remembers that the code in this text has just been checked in, or that this was undone.
export async function remember(text, sign = 1) {
  const code = codeIn(text);
  if (code) await store.put("seen", sign * Date.now(), await digestOf(code));
}

// Queues the undoing of a scan; once more with a reason, it is the same row.
export async function undo(checkpoint, { code, key, undo: own }, reason) {
  const row = await store.get("queue", own);
  await store.put("queue", { ...row, key: own, undoes: key, at: row?.at ?? new Date(await timeAt(checkpoint)).toISOString(), reason, checkpoint });
  await remember(code, -1);
}

// What a hand scanner can have meant if the phone expects another keyboard; see tickets/checkin/keyboards.py.
const meantBy = (text, { keys, typed }) => {
  const changed = (from, these, those) => Array.from(from, (sign) => those[these.indexOf(sign)] ?? sign).join("");
  const [normal, shifted] = keys.map((row) => Array.from(row));
  const otherCase = (from) => from.replace(/[a-z]/gi, (one) => (one < "a" ? one.toLowerCase() : one.toUpperCase()));
  const otherShift = (from) => changed(from, [...normal, ...shifted], [...shifted, ...normal]);
  const texts = [text, ...typed.map((pair) => changed(text, ...pair.map((row) => Array.from(row))))];
  return texts.flatMap((one) => [one, otherCase(one), otherShift(one)]).slice(1);
};

const isNearlyAddress = (text) => /^https?.{0,2}\/\//.test(text);

// Whether a hand scanner typed this text: a code, or the address of a ticket or a school in any layout.
export async function isScanned(checkpoint, text) {
  if (/(?:^|\/t\/|\/delegation\/)[\w-]{22}(?:[/?#]|$)/.test(text.trim())) return true;
  const file = await store.get("live", checkpoint);
  return isNearlyAddress(text) || Boolean(file?.keyboards && meantBy(text, file.keyboards).some(isNearlyAddress));
}

// The digest of the code in this text and its record, also if it was typed on another keyboard; `isOther` if it looks so.
const identify = async (text, file) => {
  const code = codeIn(text);
  const digest = code && (await digestOf(code));
  if ((digest && find(file, digest)) || !file.keyboards) return { digest, found: digest && find(file, digest) };
  const meant = meantBy(text, file.keyboards).filter(isNearlyAddress);
  for (const other of new Set(meant.map(codeIn).filter(Boolean))) {
    const digestOfOther = await digestOf(other);
    const found = find(file, digestOfOther);
    if (found) return { digest: digestOfOther, found };
  }
  return { digest, isOther: !/^https?:/.test(text) && meant.length > 0 };
};

// The time by the server's clock. A clock that jumped since the last answer, because someone set it, does not count.
let answered;
const timeOf = ({ skew }) => {
  const now = Date.now() + skew;
  const expected = answered && answered.time + performance.now() - answered.at;
  return expected && Math.abs(expected - now) > JUMP ? expected : now;
};
const timeAt = async (checkpoint) => timeOf((await store.get("live", checkpoint)) ?? { skew: 0 });

// The verdict of this phone, what to say, and the event if it is known. Scans of a code are queued for upload.
export async function decide(checkpoint, text, key) {
  const file = await store.get("live", checkpoint);
  if (!file) return { verdict: codeIn(text) ? "no_list" : "unreadable" };
  const { digest, found, isOther } = await identify(text, file);
  if (!digest) return { verdict: "unreadable", say: isOther ? "keyboard" : "unreadable" };
  const now = timeOf(file);
  const verdict = found ? verdictOf(found, now, await isIn(digest, found.state)) : "unknown";
  await store.put("queue", { key, digest, at: new Date(now).toISOString(), device_verdict: verdict, checkpoint });
  if (verdict === "in") await store.put("seen", Date.now(), digest);
  return { verdict, event: found?.event };
}

const parsed = (buffer) => {
  const bytes = new Uint8Array(buffer);
  const end = bytes.indexOf(10);
  return { ...JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))), codes: bytes.slice(end + 1) };
};

// Downloads the live codes if they changed. Returns time, counts and token from the server; throws `NoAnswer`.
export async function sync(checkpoint) {
  const stored = await store.get("live", checkpoint);
  const asked = Date.now();
  const headers = stored ? { "If-None-Match": stored.etag } : {};
  const read = async (response) => {
    const file = response.ok ? { etag: response.headers.get("ETag"), ...parsed(await response.arrayBuffer()) } : stored;
    return { file, reply: JSON.parse(response.headers.get("X-Checkin")) };
  };
  const { file, reply } = await ask(`${checkpoint}live`, read, { headers, timeout: TRANSFER_TIMEOUT });
  file.at = Date.now();
  file.skew = Date.parse(reply.at) - (asked + file.at) / 2;
  answered = { time: file.at + file.skew, at: performance.now() };
  await store.put("live", file, checkpoint);
  for (const digest of await store.keys("seen"))
    if (Math.abs(await store.get("seen", digest)) < asked - 60000) await store.remove("seen", digest);
  return reply;
}

// Without the undos whose scan is still queued and does not travel with them: the server could not know what they undo.
const sendable = async (scans) => {
  const own = new Set(scans.map(({ key }) => key));
  const queued = new Set(await store.keys("queue"));
  return scans.filter(({ undoes }) => !undoes || own.has(undoes) || !queued.has(undoes));
};

const send = async (checkpoint, given, token) => {
  const scans = await sendable(given);
  if (!scans.length) return [];
  const { scans: done, notice } = await ask(`${checkpoint}upload`, (answer) => answer, {
    method: "POST",
    timeout: TRANSFER_TIMEOUT,
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify({
      scans: scans.map(({ key, digest, at, device_verdict, undoes, reason }) => ({ key, digest, at, device_verdict, undoes, reason })),
    }),
  });
  // A reason may have been given while this was under way.
  const sent = new Map(scans.map((scan) => [scan.key, scan.reason]));
  for (const { key } of done) if ((await store.get("queue", key))?.reason === sent.get(key)) await store.remove("queue", key);
  return [...done.filter((scan) => scan.is_conflict).map((scan) => scan.sentence), ...(notice ? [notice] : [])];
};

const NO_NETWORK = ["offline", "portal", "signed_out", "no_access"];

// Sends one by one what the server refuses together, so that one scan never keeps the others from being uploaded.
const sendAll = async (checkpoint, scans, token) => {
  try {
    return await send(checkpoint, scans, token);
  } catch ({ reason }) {
    if (NO_NETWORK.includes(reason)) return [];
    if (scans.length === 1) return [reason];
    const sentences = [];
    for (const scan of scans) sentences.push(...(await sendAll(checkpoint, [scan], token)));
    return sentences;
  }
};

// By time, but an undo after its scan, even if the clock was corrected in between.
const inOrder = (queue) => {
  const times = new Map(queue.map(({ key, at }) => [key, at]));
  const place = ({ at, undoes }) => (undoes ? `${times.get(undoes) > at ? times.get(undoes) : at}+` : at);
  return queue.sort((one, other) => (place(one) < place(other) ? -1 : 1));
};

// Uploads the queue; returns sentences on what the server decided differently. What could not be sent stays queued.
export async function upload(token) {
  const queue = inOrder(await store.all("queue"));
  const sentences = [];
  for (const checkpoint of new Set(queue.map((scan) => scan.checkpoint))) {
    const scans = queue.filter((scan) => scan.checkpoint === checkpoint);
    for (let from = 0; from < scans.length; from += BATCH)
      sentences.push(...(await sendAll(checkpoint, scans.slice(from, from + BATCH), token)));
  }
  return sentences;
}

export const waiting = async () => (await store.keys("queue")).length;
