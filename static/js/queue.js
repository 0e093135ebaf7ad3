// A form in the queue of a rush: the request keeps its turn, this page the answers, and the browser goes on by itself.

const QUIET_SECONDS = 3;
const LONGEST_SECONDS = 120;

// Who came here has an answer, or begins anew.
sessionStorage.removeItem("unanswered");

// The busy page of a full queue sends these answers again (again.js). They stay in this tab, until the next page.
const keep = (form, button) => {
  const { pathname: path, search: query } = new URL(form.action);
  const fields = [...new FormData(form)];
  if (button?.name) fields.push([button.name, button.value]);
  sessionStorage.setItem("unanswered", JSON.stringify({ at: Date.now(), path, query, fields }));
};

for (const form of document.querySelectorAll("form[data-queue]")) {
  const notice = form.querySelector("[data-in-queue]");
  let sentUntil = 0;
  let timer;
  form.addEventListener("submit", (event) => {
    // A second request would give up the turn of the first.
    if (performance.now() < sentUntil) return event.preventDefault();
    sentUntil = performance.now() + LONGEST_SECONDS * 1000;
    keep(form, event.submitter);
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
