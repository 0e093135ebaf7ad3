// The scanner: a hand scanner, the camera or the field; one verdict after the other, with or without a network.
// What a first scan does not need is loaded behind it; the service worker caches all of it.

import { session } from "./logout.js";
import { addRecent, box, clearRecent, main, newKey, part, showConnection, showCounts } from "./page.js";
import { ask, NoAnswer } from "./server.js";
import * as verdict from "./verdict.js";

const form = document.querySelector("[data-scan-form]");
const field = form.elements.code;
const syncing = () => import("./sync.js");

const askServer = (code, key, chosen) => {
  const body = new FormData();
  const values = { code: chosen?.code || code, key, csrfmiddlewaretoken: session.token, registration: chosen?.registration };
  if (chosen?.code) values.found = "yes";
  for (const [name, value] of Object.entries(values)) if (value) body.append(name, value);
  return ask(main.dataset.scanUrl, (answer) => {
    if (!answer.verdict) throw new NoAnswer("portal");
    return answer;
  }, { method: "POST", body });
};

// A page instead of an answer may also mean that the form's token is too old: asks once more with a new one.
const askTwice = (...scanned) => askServer(...scanned).catch(async (error) => {
  if (error.reason !== "portal") throw error;
  await (await syncing()).refresh();
  return askServer(...scanned);
});

const scan = async (code, chosen) => {
  const key = newKey();
  let answer;
  try {
    answer = await askTwice(code, key, chosen);
    showConnection();
    showCounts(answer.counts);
    if (answer.verdict === "school") return location.assign(answer.url);
    syncing().then((sync) => sync.onAnswer(answer, code)).catch(() => {});
  } catch ({ reason = "offline" }) {
    showConnection(reason);
    answer = await (await syncing()).decide(code, key);
  }
  verdict.show(answer, (one) => enqueue(code, one));
  if (["people", "choose"].includes(answer.verdict)) return;
  const change = addRecent(answer);
  if (answer.verdict === "in") (await import("./undo.js")).offer({ code, key, change, onScan: enqueue });
};

let pending = Promise.resolve();
const enqueue = (code, chosen) =>
  (pending = pending.then(() => scan(code, chosen)).catch(() => (part("trouble").hidden = false)));

const send = () => {
  const code = field.value.trim();
  field.value = "";
  if (code) enqueue(code);
};
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
// Some hand scanners end with a tab instead of Enter.
field.addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || event.shiftKey || !/[\w-]{22}\W*$/.test(field.value)) return;
  event.preventDefault();
  send();
});
// A hand scanner types wherever the focus is, even on a button; the space bar still presses it.
addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea, dialog") || event.key === " ";
  if (!isTyping && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) field.focus();
});

// A page that the browser kept in memory and shows again: never one whose login has ended, and not the last verdict.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  verdict.hide();
  if (!session.isEnding) return syncing().then((sync) => sync.sync());
  clearRecent();
  location.reload();
});

box.hidden = false;
// All of it now, not at the moment it is needed: then there may be no network, or another release on the server.
const start = async () => {
  const [sync, viewer] = await Promise.all([syncing(), import("./viewer.js")]);
  sync.start(viewer.resume);
  viewer.start(enqueue);
  await Promise.all([import("./undo.js"), import("./leaving.js")]);
};
start().catch(() => showConnection("offline"));
