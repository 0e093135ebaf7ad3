// A form in the queue of a rush: the request keeps its turn, this page the answers, and the browser goes on by itself.

const QUIET_SECONDS = 3;
const LONGEST_SECONDS = 120;

// The busy page of a full queue sends the answers again (again.js). They stay in this tab until a page with this script or
// site.js is shown there. Where the browser blocks storage, a person sends the form again.
const store = (act) => {
  try {
    return act(sessionStorage);
  } catch {
    return null;
  }
};

// This page is an answer, or a new start.
store((kept) => kept.removeItem("unanswered"));

const keep = (form, button) => {
  const { pathname: path, search: query } = new URL(form.action);
  const fields = [...new FormData(form)];
  if (button?.name) fields.push([button.name, button.value]);
  store((kept) => kept.setItem("unanswered", JSON.stringify({ at: Date.now(), path, query, fields })));
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
