// Reads QR codes with the camera; the same code counts again only after three seconds out of sight.

const PAUSE = 120;
const SAME = 3000;
let track;
let detector;
let run = 0;

const load = (address) => new Promise((done, fail) => {
  const script = document.createElement("script");
  script.src = address;
  script.onload = done;
  script.onerror = fail;
  document.head.append(script);
});

// The browser's own decoder, or the one shipped with this project.
const createDetector = async ({ decoder: address, wasm }) => {
  const formats = (await window.BarcodeDetector?.getSupportedFormats?.()) ?? [];
  if (formats.includes("qr_code")) return new BarcodeDetector({ formats: ["qr_code"] });
  await load(address);
  const { BarcodeDetector: Ponyfill, prepareZXingModule } = BarcodeDetectionAPI;
  prepareZXingModule({ overrides: { locateFile: () => wasm } });
  return new Ponyfill({ formats: ["qr_code"] });
};

const watch = (video, onCode) => {
  const mine = ++run;
  let last = { text: "", at: 0 };
  const look = async () => {
    if (mine !== run) return;
    if (video.readyState > 1 && document.visibilityState === "visible") {
      const [found] = await detector.detect(video).catch(() => []);
      const at = performance.now();
      if (found) {
        const isNew = found.rawValue !== last.text || at - last.at > SAME;
        last = { text: found.rawValue, at };
        if (isNew) onCode(found.rawValue);
      }
    }
    setTimeout(look, PAUSE);
  };
  look();
};

// Starts this camera, or the one facing away, and returns its track. Throws the browser's error if that is impossible.
export async function start(video, data, onCode, deviceId) {
  track?.stop();
  const wanted = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "environment" };
  const stream = await navigator.mediaDevices.getUserMedia({ video: { ...wanted, width: { ideal: 1280 } } });
  [track] = stream.getVideoTracks();
  video.srcObject = stream;
  await video.play();
  detector ??= await createDetector(data);
  watch(video, onCode);
  // Keeps the screen on where the browser allows it.
  navigator.wakeLock?.request("screen").catch(() => {});
  return track;
}

export const hasTorch = () => Boolean(track?.getCapabilities?.().torch);
export const setTorch = (isOn) => track.applyConstraints({ advanced: [{ torch: isOn }] });

// The id of the next camera; empty if there is only one.
export async function nextDevice() {
  const devices = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  const current = devices.findIndex((device) => device.deviceId === track?.getSettings().deviceId);
  return devices.length > 1 ? devices[(current + 1) % devices.length].deviceId : "";
}
