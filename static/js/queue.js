// A form in the queue of a rush: the request keeps its turn, this page the answers, and the browser goes on by itself.

const QUIET_SECONDS = 3;
const LONGEST_SECONDS = 120;

for (const form of document.querySelectorAll("form[data-queue]")) {
  const notice = form.querySelector("[data-in-queue]");
  let sentUntil = 0;
  let timer;
  form.addEventListener("submit", (event) => {
    // A second request would give up the turn of the first.
    if (performance.now() < sentUntil) return event.preventDefault();
    sentUntil = performance.now() + LONGEST_SECONDS * 1000;
    timer = setTimeout(() => {
      notice.hidden = false;
      notice.focus();
    }, QUIET_SECONDS * 1000);
  });
  // Back from the browser's memory.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    clearTimeout(timer);
    sentUntil = 0;
    notice.hidden = true;
  });
}
