// The scanner: camera, hand scanner or typed codes, one verdict after the other, with or without a network.

import * as camera from "./camera.js";
import { session } from "./logout.js";
import * as offline from "./offline.js";
import { ask, NoAnswer } from "./server.js";
import { isLasting, persist } from "./store.js";
import * as verdict from "./verdict.js";

const main = document.querySelector("[data-checkin]");
const box = document.querySelector("[data-scanner]");
const form = document.querySelector("[data-scan-form]");
const field = form.elements.code;
const { scanUrl, scannerUrl: checkpoint } = main.dataset;
const texts = box.dataset;
const part = (name) => box.querySelector(`[data-${name}]`);
const video = box.querySelector("video");
const SYNC_INTERVAL = 60000;
const OFFLINE_TONES = { in: "green", already: "amber", no_list: "amber" };

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const pascal = (name) => name.replace(/(?:^|_)(\w)/g, (_, letter) => letter.toUpperCase());
const filled = (text, event) => text.replace(/{(\w+)}/g, (_, name) => event?.[name] ?? "");

const showCounts = (counts) => {
  for (const name of ["in", "of"]) {
    const shown = document.querySelector(`[data-counts] [data-${name}]`);
    if (shown && counts) shown.textContent = counts[name];
  }
};
// Says why the server does not answer; nothing while it does.
const showConnection = (reason = "") => {
  part("offline").hidden = !["offline", "portal"].includes(reason);
  part("portal").hidden = reason !== "portal";
  part("expired").hidden = !["signed_out", "no_access"].includes(reason);
};
const showQueue = async () => {
  const count = await offline.waiting();
  part("waiting").hidden = !count;
  part("waiting").textContent = (count === 1 ? texts.textOneWaits : texts.textManyWait).replace("{n}", count);
};

// ---- Scans --------------------------------------------------------------------------------------------------

const askServer = (code, key, registration) => {
  const body = new FormData();
  const values = { code, key, csrfmiddlewaretoken: session.token, registration };
  for (const [name, value] of Object.entries(values)) if (value) body.append(name, value);
  return ask(scanUrl, (answer) => {
    if (!answer.verdict) throw new NoAnswer("portal");
    return answer;
  }, { method: "POST", body });
};

// A page instead of an answer may also mean that the form's token is too old: asks once more with a new one.
const askTwice = (...scanned) => askServer(...scanned).catch(async (error) => {
  if (error.reason !== "portal") throw error;
  await refresh();
  return askServer(...scanned);
});

const decideOffline = async (code, key) => {
  const { verdict, event, say = verdict } = await offline.decide(checkpoint, code, key);
  return {
    tone: OFFLINE_TONES[verdict] ?? "red",
    word: main.dataset[`text${pascal(verdict)}`] ?? texts.textNoList,
    note: main.dataset.textOffline,
    sentence: filled(texts[`say${pascal(say)}`] ?? "", event),
    event: event?.event,
    hall: event?.hall,
  };
};

const scan = async (code, registration) => {
  const key = newKey();
  let answer;
  try {
    answer = await askTwice(code, key, registration);
    showConnection();
    showCounts(answer.counts);
    if (!part("waiting").hidden) sync();
    if (answer.verdict === "school") return location.assign(answer.url);
    if (answer.verdict === "in") offline.remember(code).catch(() => {});
  } catch ({ reason = "offline" }) {
    showConnection(reason);
    answer = await decideOffline(code, key);
    showQueue();
    showReady();
  }
  verdict.show(answer, (chosen) => enqueue(code, chosen));
};

let pending = Promise.resolve();
const enqueue = (code, registration) =>
  (pending = pending.then(() => scan(code, registration)).catch(() => (part("trouble").hidden = false)));

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const code = field.value.trim();
  field.value = "";
  if (code) enqueue(code);
});
// A hand scanner types wherever the focus is, even on a button; the space bar still presses it.
addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea, dialog") || event.key === " ";
  if (!isTyping && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) field.focus();
});

// ---- Camera -------------------------------------------------------------------------------------------------

const CAMERA_PROBLEMS = { NotAllowedError: texts.textRefused, NotFoundError: texts.textNoCamera, DataError: texts.textNoReader };
const RESTARTS = 3;
const IN = 60000;
// What must be cached for reading codes without a network; nothing as long as that is not certain.
let readerFiles = [];
let isReading = true;
let restarts = [];

const fail = (error) => {
  const isReader = error.name === "DataError";
  camera.stop();
  if (isReader) camera.forgetReader();
  isReading = !isReader;
  video.parentElement.hidden = true;
  part("start").hidden = false;
  part("camera-status").textContent = CAMERA_PROBLEMS[error.name] ?? (restarts.length ? texts.textStopped : texts.textBroken);
  showReady();
};
const restart = () => {
  const now = performance.now();
  restarts = [...restarts.filter((at) => now - at < IN), now];
  if (restarts.length > RESTARTS) fail(new Error("The camera stops again and again."));
  else startCamera(camera.deviceId());
};
const startCamera = async (deviceId) => {
  part("start").hidden = true;
  part("camera-status").textContent = "";
  try {
    if (!navigator.mediaDevices) throw new DOMException("", "NotFoundError");
    if (!(await camera.open(video, deviceId))) return;
    video.parentElement.hidden = false;
    part("torch").hidden = !camera.hasTorch();
    part("torch").setAttribute("aria-pressed", false);
    part("other").hidden = !(await camera.nextDevice());
    isReading = false;
    part("camera-status").textContent = texts.textLoading;
    showReady();
    readerFiles = await camera.read(video, texts, { onCode: enqueue, onStop: fail, onRestart: restart });
    isReading = true;
    part("camera-status").textContent = "";
    cachePage();
  } catch (error) {
    fail(error);
  }
};
const toggle = (button) => {
  const isOn = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", isOn);
  return isOn;
};
const startAnew = (deviceId) => {
  restarts = [];
  startCamera(deviceId);
};
part("start").addEventListener("click", () => startAnew());
part("other").addEventListener("click", async () => startAnew(await camera.nextDevice()));
part("torch").addEventListener("click", (event) => camera.setTorch(toggle(event.currentTarget)));
part("mute").setAttribute("aria-pressed", Boolean(localStorage.checkinMuted));
part("mute").addEventListener("click", (event) => (localStorage.checkinMuted = toggle(event.currentTarget) ? 1 : ""));

// ---- Synchronisation ----------------------------------------------------------------------------------------

// The phone can go on offline once page, files and codes are stored, and the camera, if there is one, can be read.
const worker = navigator.serviceWorker;
let isCached = false;
let isKept = true;
const showReady = () => {
  part("ready").hidden = !isCached || !isReading || !isLasting();
  part("unkept").hidden = isLasting() && (isKept || part("ready").hidden);
};
const cachePage = async () => (await worker?.ready)?.active.postMessage({ page: checkpoint, files: readerFiles });

const uploadQueue = async () => {
  if (!(await offline.waiting())) return false;
  for (const sentence of await offline.upload(session.token)) {
    const shown = Array.from(part("conflict-list").children, (line) => line.textContent);
    if (!shown.includes(sentence)) part("conflict-list").append(Object.assign(document.createElement("li"), { textContent: sentence }));
    part("conflicts").hidden = false;
  }
  return true;
};

const refresh = async () => {
  const reply = await offline.sync(checkpoint);
  session.token = reply.token;
  showCounts(reply);
};

let isSyncing = false;
const sync = async () => {
  if (isSyncing || session.isEnding) return;
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
  }
};
addEventListener("online", () => {
  sync();
  // The decoder may not have come without a network.
  if (!isReading && !part("start").hidden) startAnew();
});
addEventListener("offline", () => showConnection("offline"));
setInterval(sync, SYNC_INTERVAL);

box.hidden = false;
sync();
startCamera();
worker?.addEventListener("message", ({ data }) => {
  isCached = data.isCached;
  showReady();
});
worker?.register(texts.worker, { scope: texts.scope }).catch(() => {});
