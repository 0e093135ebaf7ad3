// Decoders of QR codes: the browser's own if it proves to work, otherwise the one shipped with this project.

// A QR code of the text "OK": six hexadecimal digits per row of 21 modules.
const SAMPLE =
  "1fcf7f104b4117525d17545d174b5d1041411fd57f000100036b0c1d2a550d439e02a4cc1bd54d0012ab1fd3f0104e7b17582d175adc1747471047161fc94e";
const MODULE = 4;
const OWN_TIMEOUT = 4000;
const TEST_TIMEOUT = 15000;
const TIMEOUT = 5000;
const MAX_FAILURES = 5;

const within = (time, promise) =>
  Promise.race([promise, new Promise((_, fail) => setTimeout(() => fail(new Error("The decoder does not answer.")), time))]);

const load = (address) => new Promise((done, fail) => {
  const script = document.createElement("script");
  script.src = address;
  script.onload = done;
  script.onerror = fail;
  document.head.append(script);
});

const own = async () => {
  const formats = (await within(OWN_TIMEOUT, window.BarcodeDetector?.getSupportedFormats?.())) ?? [];
  return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
};
const shipped = async ({ decoder, wasm }) => {
  if (!window.BarcodeDetectionAPI) await load(decoder);
  const { BarcodeDetector: Ponyfill, prepareZXingModule } = BarcodeDetectionAPI;
  await prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
  return new Ponyfill({ formats: ["qr_code"] });
};

const sample = () => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 29 * MODULE;
  const picture = canvas.getContext("2d");
  picture.fillStyle = "#fff";
  picture.fillRect(0, 0, canvas.width, canvas.height);
  picture.fillStyle = "#000";
  SAMPLE.match(/.{6}/g).forEach((row, y) => {
    for (let x = 0; x < 21; x += 1)
      if ((parseInt(row, 16) >> (20 - x)) & 1) picture.fillRect((x + 4) * MODULE, (y + 4) * MODULE, MODULE, MODULE);
  });
  return canvas;
};

const working = async (make, data) => {
  const detector = await make(data);
  const [found] = detector ? await within(make === own ? OWN_TIMEOUT : TEST_TIMEOUT, detector.detect(sample())) : [];
  return found?.rawValue === "OK" ? detector : null;
};

// Returns a function that finds the codes in a picture. It throws `NotReadableError` if no decoder works (any more).
export async function openReader(data) {
  const makers = [own, shipped];
  let detector;
  let failures = 0;
  const next = async () => {
    for (detector = null; !detector; ) {
      const make = makers.shift();
      if (!make) throw new DOMException("", "DataError");
      detector = await working(make, data).catch(() => null);
    }
    failures = 0;
  };
  await next();
  const read = async (picture) => {
    try {
      const found = await within(TIMEOUT, detector.detect(picture));
      failures = 0;
      return found;
    } catch {
      failures += 1;
      if (failures >= MAX_FAILURES) await next();
      return [];
    }
  };
  return { read, files: () => (makers.length ? [] : [data.decoder, data.wasm]) };
}
