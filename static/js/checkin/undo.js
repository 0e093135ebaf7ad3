// Undo on a green verdict for ten seconds, and the reason afterwards. Both go through the queue, so a network may be missing.

import { newKey, part } from "./page.js";
import { isScanned, undo } from "./sync.js";
import * as verdict from "./verdict.js";

const button = part("undo");
const form = part("reasons");
const { textUndone, sayUndone } = form.dataset;
let scan;

// Offers to undo the scan whose verdict is shown; `change` changes its line among the last scans.
export function offer(scanned) {
  scan = { ...scanned, undo: newKey() };
  button.hidden = false;
}

const save = (reason) => undo(scan, reason).catch(() => (part("trouble").hidden = false));

button.addEventListener("click", () => {
  scan.change({ tone: "undone", word: textUndone });
  verdict.change({ tone: "undone", word: textUndone, sentence: sayUndone });
  form.hidden = false;
  save("");
});
const give = (reason) => {
  save(reason);
  verdict.hide();
};
for (const one of form.querySelectorAll("[data-reason]")) one.addEventListener("click", () => give(one.value));
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = form.elements.reason;
  const reason = field.value.trim();
  field.value = "";
  // A hand scanner types into this field too.
  if (await isScanned(reason).catch(() => false)) return scan.onScan(reason);
  if (reason) give(reason);
  else field.focus();
});
