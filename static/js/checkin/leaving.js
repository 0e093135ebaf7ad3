// Before logging out: uploads queued scans, or asks whether they may be lost; then deletes everything on this phone.

import { upload, waiting } from "./offline.js";
import { empty } from "./store.js";

const dialog = document.querySelector("[data-logout-dialog]");
let leave;

const uploaded = async (session) => {
  await upload(session.token);
  return waiting();
};

export async function prepare(form, session) {
  leave = async () => {
    session.isEnding = true;
    dialog.close?.();
    await empty().catch(() => {});
    form.submit();
  };
  const count = await uploaded(session).catch(() => 0);
  if (!count && navigator.onLine) return leave();
  dialog.querySelector("[data-lost]").hidden = !count;
  dialog.querySelector("[data-count]").textContent = count;
  dialog.querySelector("[data-unconnected]").hidden = navigator.onLine;
  // Older browsers have no dialogs, and show it below the header.
  if (dialog.showModal) dialog.showModal();
  else dialog.setAttribute("open", "");
}
dialog.querySelector("[data-leave]").addEventListener("click", () => leave());
dialog.querySelector("[data-stay]").addEventListener("click", () => (dialog.close ? dialog.close() : dialog.removeAttribute("open")));
