// The scanner: camera, hand scanner or typed codes, one verdict after the other, with or without a network.

import * as camera from "./camera.js";
import { session } from "./logout.js";
import * as offline from "./offline.js";
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
const ANSWER_TIMEOUT = 4000;
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
const showConnection = (isConnected) => (part("offline").hidden = isConnected);
const showQueue = async () => {
  const count = await offline.waiting();
  part("waiting").hidden = !count;
  part("waiting").textContent = (count === 1 ? texts.textOneWaits : texts.textManyWait).replace("{n}", count);
};

// ---- Scans --------------------------------------------------------------------------------------------------

const askServer = async (code, key, registration) => {
  const body = new FormData();
  const values = { code, key, csrfmiddlewaretoken: session.token, registration };
  for (const [name, value] of Object.entries(values)) if (value) body.append(name, value);
  const response = await fetch(scanUrl, {
    method: "POST",
    body,
    headers: { Accept: "application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(ANSWER_TIMEOUT),
  });
  if (response.status >= 500) throw new Error("The server did not answer.");
  // The login has ended, or the user lost access to the checkpoint: the page itself explains it.
  if (!response.headers.get("Content-Type")?.includes("json")) return location.assign(checkpoint);
  return response.json();
};

const decideOffline = async (code, key) => {
  const { verdict, event } = await offline.decide(checkpoint, code, key);
  return {
    tone: OFFLINE_TONES[verdict] ?? "red",
    word: main.dataset[`text${pascal(verdict)}`] ?? texts.textNoList,
    note: main.dataset.textOffline,
    sentence: filled(texts[`say${pascal(verdict)}`] ?? "", event),
    event: event?.event,
    hall: event?.hall,
  };
};

const scan = async (code, registration) => {
  const key = newKey();
  let answer;
  try {
    answer = await askServer(code, key, registration);
    if (!answer) return;
    showConnection(true);
    showCounts(answer.counts);
    if (!part("waiting").hidden) sync();
    if (answer.verdict === "school") return location.assign(answer.url);
    if (answer.verdict === "in") offline.remember(code).catch(() => {});
  } catch {
    showConnection(false);
    answer = await decideOffline(code, key);
    showQueue();
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

const CAMERA_PROBLEMS = { NotAllowedError: texts.textRefused, NotFoundError: texts.textNoCamera };

const startCamera = async (deviceId) => {
  part("start").hidden = true;
  part("camera-status").textContent = "";
  try {
    if (!navigator.mediaDevices) throw new DOMException("", "NotFoundError");
    const track = await camera.start(video, texts, enqueue, deviceId);
    track.onended = () => (part("start").hidden = false);
    video.parentElement.hidden = false;
    part("torch").hidden = !camera.hasTorch();
    part("other").hidden = !(await camera.nextDevice());
  } catch (error) {
    video.parentElement.hidden = true;
    part("start").hidden = false;
    part("camera-status").textContent = CAMERA_PROBLEMS[error.name] ?? texts.textBroken;
  }
};
const toggle = (button) => {
  const isOn = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", isOn);
  return isOn;
};
part("start").addEventListener("click", () => startCamera());
part("other").addEventListener("click", async () => startCamera(await camera.nextDevice()));
part("torch").addEventListener("click", (event) => camera.setTorch(toggle(event.currentTarget)));
part("mute").setAttribute("aria-pressed", Boolean(localStorage.checkinMuted));
part("mute").addEventListener("click", (event) => (localStorage.checkinMuted = toggle(event.currentTarget) ? 1 : ""));

// ---- Synchronisation ----------------------------------------------------------------------------------------

// The phone can go offline once both the page and the codes are stored.
const worker = navigator.serviceWorker;
const cachePage = async () => (await worker?.ready)?.active.postMessage(checkpoint);

const uploadQueue = async () => {
  if (!(await offline.waiting())) return;
  const conflicts = await offline.upload(session.token);
  if (!conflicts.length) return;
  part("conflicts").hidden = false;
  part("conflict-words").textContent = conflicts.map((scan) => scan.word).join(", ");
};

let isSyncing = false;
const sync = async () => {
  if (isSyncing || session.isEnding) return;
  isSyncing = true;
  try {
    await uploadQueue();
    const reply = await offline.sync(checkpoint);
    session.token = reply.token ?? session.token;
    showConnection("token" in reply || reply.status < 500);
    part("expired").hidden = "token" in reply || reply.status >= 500;
    if (!reply.token) return;
    showCounts(reply);
    cachePage();
  } catch {
    showConnection(false);
  } finally {
    isSyncing = false;
    showQueue().catch(() => {});
  }
};
addEventListener("online", sync);
addEventListener("offline", () => showConnection(false));
setInterval(sync, SYNC_INTERVAL);

box.hidden = false;
sync();
startCamera();
worker?.addEventListener("message", () => (part("ready").hidden = false));
worker?.register(texts.worker, { scope: texts.scope }).catch(() => {});
