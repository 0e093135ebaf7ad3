"use strict";

// The camera reads one code after the other; the same one again only after three seconds out of sight.
const camera = (() => {
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
  // The browser's own, else the one that is shipped with the project.
  const decoder = async ({ decoder: address, wasm }) => {
    const formats = (await window.BarcodeDetector?.getSupportedFormats?.()) ?? [];
    if (formats.includes("qr_code")) return new BarcodeDetector({ formats: ["qr_code"] });
    await load(address);
    const { BarcodeDetector: Ours, prepareZXingModule } = BarcodeDetectionAPI;
    prepareZXingModule({ overrides: { locateFile: () => wasm } });
    return new Ours({ formats: ["qr_code"] });
  };
  const watch = (video, heard) => {
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
          if (isNew) heard(found.rawValue);
        }
      }
      setTimeout(look, PAUSE);
    };
    look();
  };

  return {
    // Raises what the browser raises where it may not or cannot.
    async start(video, data, heard, deviceId) {
      track?.stop();
      const wanted = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "environment" };
      const stream = await navigator.mediaDevices.getUserMedia({ video: { ...wanted, width: { ideal: 1280 } } });
      [track] = stream.getVideoTracks();
      video.srcObject = stream;
      await video.play();
      detector ??= await decoder(data);
      watch(video, heard);
      // The screen stays on; where it may not, the camera works all the same.
      navigator.wakeLock?.request("screen").catch(() => {});
      return track;
    },
    hasLight: () => Boolean(track?.getCapabilities?.().torch),
    light: (on) => track.applyConstraints({ advanced: [{ torch: on }] }),
    async next() {
      const devices = (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === "videoinput");
      const now = devices.findIndex((one) => one.deviceId === track?.getSettings().deviceId);
      return devices.length > 1 ? devices[(now + 1) % devices.length].deviceId : "";
    },
  };
})();
