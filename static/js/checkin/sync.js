// Keeps the phone and the server in step: live codes, queued scans, and what must be cached to go on without a network.

import { session } from "./logout.js";
import * as offline from "./offline.js";
import { checkpoint, main, part, showConnection, showCounts, texts } from "./page.js";
import { isLasting, persist } from "./store.js";

const SYNC_INTERVAL = 60000;
const OFFLINE_TONES = { in: "green", already: "amber", no_list: "amber" };

const pascal = (name) => name.replace(/(?:^|_)(\w)/g, (_, letter) => letter.toUpperCase());
const filled = (text, event) => text.replace(/{(\w+)}/g, (_, name) => event?.[name] ?? "");

const showQueue = async () => {
  const count = await offline.waiting();
  part("waiting").hidden = !count;
  part("waiting").textContent = (count === 1 ? texts.textOneWaits : texts.textManyWait).replace("{n}", count);
};

// The phone can go on offline once page, files and codes are stored, and the camera, if there is one, can be read.
const worker = navigator.serviceWorker;
let isCached = false;
let isKept = true;
let isReading = true;
let readerFiles = [];
const showReady = () => {
  part("ready").hidden = !isCached || !isReading || !isLasting();
  part("unkept").hidden = isLasting() && (isKept || part("ready").hidden);
};
const cachePage = async () => (await worker?.ready)?.active.postMessage({ page: checkpoint, files: readerFiles });
// Whether codes in the picture can be read, and the files that this needs; none as long as that is not certain.
export const setReader = (can, files) => {
  isReading = can;
  if (files) {
    readerFiles = files;
    cachePage();
  }
  showReady();
};
export const canRead = () => isReading;

// ---- Scans

// The verdict of this phone, as the page shows it.
export async function decide(code, key) {
  const { verdict, event, say = verdict } = await offline.decide(checkpoint, code, key);
  showQueue();
  showReady();
  return {
    verdict,
    tone: OFFLINE_TONES[verdict] ?? "red",
    word: main.dataset[`text${pascal(verdict)}`] ?? texts.textNoList,
    note: main.dataset.textOffline,
    sentence: filled(texts[`say${pascal(say)}`] ?? "", event),
    event: event?.event,
    hall: event?.hall,
  };
}
export function onAnswer({ verdict }, code) {
  if (!part("waiting").hidden) sync();
  if (verdict === "in") offline.remember(code).catch(() => {});
}
export const isScanned = (text) => offline.isScanned(checkpoint, text);
// Undoes the check-in of this scan, or adds the reason; the queue takes it to the server, now or later.
export async function undo(scan, reason) {
  await offline.undo(checkpoint, scan, reason);
  await showQueue();
  showReady();
  return sync();
}

// ---- Upload and download

const uploadQueue = async () => {
  if (!(await offline.waiting())) return false;
  for (const sentence of await offline.upload(session.token)) {
    const shown = Array.from(part("conflict-list").children, (line) => line.textContent);
    if (!shown.includes(sentence)) part("conflict-list").append(Object.assign(document.createElement("li"), { textContent: sentence }));
    part("conflicts").hidden = false;
  }
  return true;
};

export const refresh = async () => {
  const reply = await offline.sync(checkpoint);
  session.token = reply.token;
  showCounts(reply);
};

let isSyncing = false;
let isWanted = false;
// Asked for while it runs, it runs once more: what was queued meanwhile would stay for a minute.
export const sync = async () => {
  if (session.isEnding) return;
  if (isSyncing) {
    isWanted = true;
    return;
  }
  isSyncing = true;
  try {
    await refresh();
    showConnection();
    if (await uploadQueue()) await refresh();
    isKept = await persist().catch(() => false);
    cachePage();
  } catch ({ reason = "offline" }) {
    showConnection(reason);
  } finally {
    isSyncing = false;
    showReady();
    showQueue().catch(() => {});
    if (isWanted) {
      isWanted = false;
      sync();
    }
  }
};

export function start(onOnline) {
  addEventListener("online", () => {
    sync();
    onOnline();
  });
  addEventListener("offline", () => showConnection("offline"));
  setInterval(sync, SYNC_INTERVAL);
  sync();
  worker?.addEventListener("message", ({ data }) => {
    isCached = data.isCached;
    showReady();
  });
  worker?.register(texts.worker, { scope: texts.scope }).catch(() => {});
}
