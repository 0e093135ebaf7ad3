// The camera on the page: its picture, its buttons, and what it says when it does not work.

import * as camera from "./camera.js";
import { part, texts, toggle, box } from "./page.js";
import { canRead, setReader } from "./sync.js";

const video = box.querySelector("video");
const CAMERA_PROBLEMS = { NotAllowedError: texts.textRefused, NotFoundError: texts.textNoCamera, DataError: texts.textNoReader };
const RESTARTS = 3;
const IN = 60000;
let restarts = [];
let onCode;

// ---- The whole screen

const setFull = (isFull) => document.body.classList.toggle("camera-full", isFull);
const showFull = () => setFull(Boolean(localStorage.checkinFull) && !video.parentElement.hidden);
part("full").addEventListener("click", (event) => {
  const isFull = toggle(event.currentTarget);
  localStorage.checkinFull = isFull ? 1 : "";
  showFull();
  // Phones whose browsers have no such mode show it below their bar of addresses.
  if (isFull) document.documentElement.requestFullscreen?.().catch(() => {});
  else if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
});
part("full").setAttribute("aria-pressed", Boolean(localStorage.checkinFull));

// ---- Starting and stopping

const setRunning = (isRunning) => {
  video.parentElement.hidden = !isRunning;
  part("full").hidden = !isRunning;
  part("start").hidden = isRunning;
  showFull();
};
const fail = (error) => {
  const isReader = error.name === "DataError";
  camera.stop();
  if (isReader) camera.forgetReader();
  setRunning(false);
  for (const name of ["torch", "other"]) part(name).hidden = true;
  part("camera-status").textContent = CAMERA_PROBLEMS[error.name] ?? (restarts.length ? texts.textStopped : texts.textBroken);
  setReader(!isReader);
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
    setRunning(true);
    part("torch").hidden = !camera.hasTorch();
    part("torch").setAttribute("aria-pressed", false);
    part("other").hidden = !(await camera.nextDevice());
    part("camera-status").textContent = texts.textLoading;
    setReader(false);
    const files = await camera.read(video, texts, { onCode, onStop: fail, onRestart: restart });
    part("camera-status").textContent = "";
    setReader(true, files);
  } catch (error) {
    fail(error);
  }
};
const startAnew = (deviceId) => {
  restarts = [];
  startCamera(deviceId);
};

// The decoder may not have come without a network.
export const resume = () => !canRead() && !part("start").hidden && startAnew();
export function start(listener) {
  onCode = (text) => listener(text);
  part("start").addEventListener("click", () => startAnew());
  part("other").addEventListener("click", async () => startAnew(await camera.nextDevice()));
  part("torch").addEventListener("click", (event) => camera.setTorch(toggle(event.currentTarget)));
  part("mute").setAttribute("aria-pressed", Boolean(localStorage.checkinMuted));
  part("mute").addEventListener("click", (event) => (localStorage.checkinMuted = toggle(event.currentTarget) ? 1 : ""));
  startCamera();
}
