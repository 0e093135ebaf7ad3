"use strict";

// The scanning page: camera, hand scanner or field, one verdict after the other, with a network or without.
(() => {
  const main = document.querySelector("[data-door]");
  const box = document.querySelector("[data-scanner]");
  const form = document.querySelector("[data-scan-form]");
  const field = form.elements.code;
  const { scanUrl, placeUrl: place } = main.dataset;
  const says = box.dataset;
  const part = (name) => box.querySelector(`[data-${name}]`);
  const video = box.querySelector("video");
  const EVERY = 60000;
  const PATIENCE = 4000;
  const TONES = { in: "green", already: "amber", no_list: "amber" };
  const fresh = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
  const named = (verdict) => verdict.replace(/(?:^|_)(\w)/g, (_, letter) => letter.toUpperCase());
  const filled = (text, event) => text.replace(/{(\w+)}/g, (_, name) => event?.[name] ?? "");

  const count = (counts) => {
    for (const name of ["in", "of"]) {
      const place = document.querySelector(`[data-counts] [data-${name}]`);
      if (place && counts) place.textContent = counts[name];
    }
  };
  const connected = (isUp) => (part("offline").hidden = isUp);
  const badge = async () => {
    const waiting = await offline.waiting();
    part("waiting").hidden = !waiting;
    part("waiting").textContent = (waiting === 1 ? says.textOneWaits : says.textManyWait).replace("{n}", waiting);
  };

  // ---- One scan -----------------------------------------------------------------------------------------

  const ask = async (code, nonce, registration) => {
    const body = new FormData();
    const values = { code, nonce, csrfmiddlewaretoken: leaving.token ?? form.elements.csrfmiddlewaretoken.value, registration };
    for (const [name, value] of Object.entries(values)) if (value) body.append(name, value);
    const answer = await fetch(scanUrl, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (answer.status >= 500) throw new Error("The server has no answer.");
    // The login has ended, or the place is not this person's any more: the page itself will say so.
    if (!answer.headers.get("Content-Type")?.includes("json")) return location.assign(place);
    return answer.json();
  };
  const judged = async (code, nonce) => {
    const { verdict, event } = await offline.judge(place, code, nonce);
    return {
      tone: TONES[verdict] ?? "red",
      word: main.dataset[`text${named(verdict)}`] ?? says.textNoList,
      note: main.dataset.textOffline,
      sentence: filled(says[`say${named(verdict)}`] ?? "", event),
      event: event?.event,
      hall: event?.hall,
    };
  };
  const scan = async (code, registration) => {
    const nonce = fresh();
    let card;
    try {
      card = await ask(code, nonce, registration);
      if (!card) return;
      connected(true);
      count(card.counts);
      if (!part("waiting").hidden) sync();
      if (card.verdict === "school") return location.assign(card.url);
      if (card.verdict === "in") offline.saw(code).catch(() => {});
    } catch {
      connected(false);
      card = await judged(code, nonce);
      badge();
    }
    verdict.show(card, (chosen) => hear(code, chosen));
  };
  let turn = Promise.resolve();
  const hear = (code, registration) => (turn = turn.then(() => scan(code, registration)).catch(() => part("trouble").hidden = false));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const code = field.value.trim();
    field.value = "";
    if (code) hear(code);
  });
  // A hand scanner types wherever the cursor is, also on a button that was pressed last; the space bar presses it.
  addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea, dialog") || event.key === " ";
    if (!isTyping && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) field.focus();
  });

  // ---- The camera ---------------------------------------------------------------------------------------

  const start = async (deviceId) => {
    part("start").hidden = true;
    part("camera-says").textContent = "";
    try {
      if (!navigator.mediaDevices) throw new DOMException("", "NotFoundError");
      const track = await camera.start(video, says, hear, deviceId);
      track.onended = () => (part("start").hidden = false);
      video.parentElement.hidden = false;
      part("torch").hidden = !camera.hasLight();
      part("other").hidden = !(await camera.next());
    } catch (error) {
      video.parentElement.hidden = true;
      part("start").hidden = false;
      part("camera-says").textContent = error.name === "NotAllowedError" ? says.textRefused : error.name === "NotFoundError" ? says.textNoCamera : says.textBroken;
    }
  };
  const toggled = (button) => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", on);
    return on;
  };
  part("start").addEventListener("click", () => start());
  part("other").addEventListener("click", async () => start(await camera.next()));
  part("torch").addEventListener("click", (event) => camera.light(toggled(event.currentTarget)));
  part("mute").setAttribute("aria-pressed", Boolean(localStorage.doorMuted));
  part("mute").addEventListener("click", (event) => (localStorage.doorMuted = toggled(event.currentTarget) ? 1 : ""));

  // ---- With the network ---------------------------------------------------------------------------------

  // Once both the page and the codes are kept, the network may go.
  const worker = navigator.serviceWorker;
  const keep = async () => (await worker?.ready)?.active.postMessage(place);
  let syncing = false;
  const sync = async () => {
    if (syncing || leaving.isLeaving) return;
    syncing = true;
    try {
      if (await offline.waiting()) {
        const conflicts = await offline.upload(leaving.token ?? form.elements.csrfmiddlewaretoken.value);
        if (conflicts.length) {
          part("conflicts").hidden = false;
          part("conflict-words").textContent = conflicts.map((scan) => scan.word).join(", ");
        }
      }
      const reply = await offline.sync(place);
      leaving.token = reply.token ?? leaving.token;
      connected("token" in reply || reply.status < 500);
      part("expired").hidden = "token" in reply || reply.status >= 500;
      if (!reply.token) return;
      count(reply);
      keep();
    } catch {
      connected(false);
    } finally {
      syncing = false;
      badge().catch(() => {});
    }
  };
  addEventListener("online", sync);
  addEventListener("offline", () => connected(false));
  setInterval(sync, EVERY);

  box.hidden = false;
  sync();
  start();
  worker?.addEventListener("message", () => (part("ready").hidden = false));
  worker?.register(says.worker, { scope: says.scope }).catch(() => {});
})();
