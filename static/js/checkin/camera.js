// The camera: keeps it running, and reads the code in the middle of its picture.

import { openReader } from "./reader.js";

const PAUSE = 120;
// A code counts again after three seconds out of sight; another one beside it after one second, or in the middle.
const AGAIN = 3000;
const ALONE = 1000;
const STALLED = 3000;
const canvas = document.createElement("canvas");
const picture = canvas.getContext("2d", { willReadFrequently: true });
const isVisible = () => document.visibilityState === "visible";
let track;
let reader;
let run = 0;
let wake = () => {};
// The browser gives up this lock whenever the page is hidden.
const keepAwake = () => navigator.wakeLock?.request("screen").catch(() => {});

// Decides which code in view counts, if any: one at a time, the one nearest to the middle, and none beyond the edge.
export const newChoice = () => {
  const accepted = new Map();
  return (codes, { width, height, shownWidth, shownHeight }, now) => {
    for (const [text, at] of accepted) if (now - at > AGAIN) accepted.delete(text);
    const latest = Math.max(...accepted.values());
    for (const { rawValue } of codes) if (accepted.has(rawValue)) accepted.set(rawValue, now);
    const measured = codes.map(({ rawValue: text, boundingBox: box }) => {
      const x = Math.abs(box.x + box.width / 2 - width / 2);
      const y = Math.abs(box.y + box.height / 2 - height / 2);
      return { text, distance: Math.hypot(x, y), size: Math.max(box.width, box.height), isShown: x * 2 < shownWidth && y * 2 < shownHeight };
    });
    const [nearest] = measured.filter((one) => one.isShown).sort((one, other) => one.distance - other.distance);
    if (!nearest || accepted.has(nearest.text)) return "";
    if (now - latest < ALONE && nearest.distance > nearest.size / 4) return "";
    accepted.set(nearest.text, now);
    return nearest.text;
  };
};

// Draws the whole picture; returns its size, and how much of it the page shows.
const draw = (video) => {
  const { videoWidth: width, videoHeight: height, clientWidth, clientHeight } = video;
  [canvas.width, canvas.height] = [width, height];
  picture.drawImage(video, 0, 0);
  const scale = Math.max(clientWidth / width, clientHeight / height) || 1;
  return { width, height, shownWidth: clientWidth / scale || width, shownHeight: clientHeight / scale || height };
};

const watch = (video, { onCode, onStop, onRestart }) => {
  const mine = run;
  const choose = newChoice();
  let time = -1;
  let moved = performance.now();
  let stalls = 0;
  const readPicture = async () => {
    const size = draw(video);
    const codes = await reader.read(canvas);
    const text = mine === run && choose(codes, size, performance.now());
    if (text) onCode(text);
  };
  // Playing it again is enough for most pauses; some phones need the camera to be opened again.
  const isAlive = () => track.readyState === "live" && !track.muted;
  const recover = () => {
    stalls += 1;
    if (stalls === 1 && isAlive()) video.play().catch(() => {});
    else onRestart();
  };
  const look = async () => {
    if (mine !== run) return;
    const now = performance.now();
    try {
      if (!isVisible()) moved = now;
      else if (video.currentTime !== time && isAlive()) {
        // The clock of a dead or muted camera goes on.
        [time, moved] = [video.currentTime, now];
        if (!video.paused) stalls = 0;
        await readPicture();
      } else if (now - moved > STALLED) {
        moved = now;
        recover();
      }
    } catch (error) {
      if (mine === run) onStop(error);
      return;
    }
    setTimeout(look, PAUSE);
  };
  wake = () => {
    keepAwake();
    if (track.readyState === "ended") onRestart();
    else if (video.paused) recover();
  };
  track.onended = () => mine === run && isVisible() && onRestart();
  look();
};
const onSeen = () => isVisible() && wake();
document.addEventListener("visibilitychange", onSeen);
addEventListener("pageshow", onSeen);

export function stop() {
  run += 1;
  wake = () => {};
  track?.stop();
}

// Starts this camera, or the one facing away. Throws the browser's error if that is impossible.
export async function open(video, deviceId) {
  stop();
  const mine = run;
  const wanted = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "environment" };
  const stream = await navigator.mediaDevices.getUserMedia({ video: { ...wanted, width: { ideal: 1280 } } });
  if (mine !== run) stream.getTracks().forEach((one) => one.stop());
  if (mine !== run) return false;
  [track] = stream.getVideoTracks();
  video.srcObject = stream;
  wake = () => {
    keepAwake();
    video.play().catch(() => {});
  };
  keepAwake();
  await video.play();
  return mine === run;
}

// Reads the codes in the picture of the camera; returns the files of the decoder that must be cached.
export async function read(video, data, events) {
  const mine = run;
  if (!reader) reader = await openReader(data);
  if (mine === run) watch(video, events);
  return reader.files();
}
// Forgets the decoder, so that another one is tried.
export const forgetReader = () => (reader = undefined);

export const hasTorch = () => Boolean(track?.getCapabilities?.().torch);
export const setTorch = (isOn) => track.applyConstraints({ advanced: [{ torch: isOn }] });
export const deviceId = () => track?.getSettings().deviceId;

// The id of the next camera; empty if there is only one.
export async function nextDevice() {
  const devices = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  const current = devices.findIndex((device) => device.deviceId === deviceId());
  return devices.length > 1 ? devices[(current + 1) % devices.length].deviceId : "";
}
