// Logging out: uploads queued scans first, or asks whether they may be lost; then deletes everything on this phone.

import { upload, waiting } from "./offline.js";
import { empty } from "./store.js";

const form = document.querySelector("[data-logout]");
const dialog = document.querySelector("[data-logout-dialog]");

// The newest CSRF token, and whether the user is logging out, so that the scanner stops synchronising.
export const session = { token: form.elements.csrfmiddlewaretoken.value, isEnding: false };

const logOut = async () => {
  session.isEnding = true;
  dialog.close?.();
  await empty().catch(() => {});
  form.submit();
};

const uploaded = async () => {
  await upload(session.token);
  return waiting();
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const count = await uploaded().catch(() => 0);
  if (!count && navigator.onLine) return logOut();
  dialog.querySelector("[data-lost]").hidden = !count;
  dialog.querySelector("[data-count]").textContent = count;
  dialog.querySelector("[data-unconnected]").hidden = navigator.onLine;
  // Older browsers have no dialogs, and show it below the header.
  if (dialog.showModal) dialog.showModal();
  else dialog.setAttribute("open", "");
});
dialog.querySelector("[data-leave]").addEventListener("click", logOut);
dialog.querySelector("[data-stay]").addEventListener("click", () => (dialog.close ? dialog.close() : dialog.removeAttribute("open")));
