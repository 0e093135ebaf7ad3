"use strict";

// Logging out: first what waits is uploaded, or the person agrees that it is lost; then this phone forgets everything.
const leaving = (() => {
  const form = document.querySelector("[data-logout]");
  const dialog = document.querySelector("[data-leaving]");
  const token = () => form.elements.csrfmiddlewaretoken.value;
  const state = { isLeaving: false };

  const leave = async () => {
    state.isLeaving = true;
    dialog.close();
    await keeping.empty().catch(() => {});
    form.submit();
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const left = async () => {
      await offline.upload(state.token ?? token());
      return offline.waiting();
    };
    const count = await left().catch(() => 0);
    if (!count && navigator.onLine) return leave();
    dialog.querySelector("[data-lost]").hidden = !count;
    dialog.querySelector("[data-count]").textContent = count;
    dialog.querySelector("[data-unconnected]").hidden = navigator.onLine;
    dialog.showModal();
  });
  dialog.querySelector("[data-leave]").addEventListener("click", leave);
  dialog.querySelector("[data-stay]").addEventListener("click", () => dialog.close());
  return state;
})();
