// The registration form: its turn in the queue of a rush, and hints while one chooses events.

const QUIET_SECONDS = 3;
const LONGEST_SECONDS = 120;

// Some browsers ignore autofocus on elements other than inputs.
document.querySelector("#error-summary")?.focus();

// In the queue the request keeps its turn, this page the answers, and the browser goes on by itself.
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

// Questions of an event are shown once it is chosen. The server reads no others.
for (const asked of document.querySelectorAll("[data-asked-with]")) {
  const box = asked.closest("form").querySelector(`[name=events][value="${CSS.escape(asked.dataset.askedWith)}"]`);
  const show = () => (asked.hidden = !box.checked);
  show();
  box.addEventListener("change", show);
  addEventListener("pageshow", show);
}

// Which events are at the same time as a chosen one, or not for the grade. Only the server judges.
for (const status of document.querySelectorAll("[data-clash]")) {
  const form = status.closest("form");
  const boxes = [...form.querySelectorAll("[data-hours]")];
  const numbers = (text) => text.split(" ").map(Number);

  const hintFor = (box) => {
    const grade = form.querySelector("[name=grade]:checked")?.value;
    const [lowest, highest] = numbers(box.dataset.grades);
    if (grade && (grade < lowest || grade > highest)) return status.dataset.notFor.replace("{grade}", grade);
    const [start, end] = numbers(box.dataset.hours);
    const other = boxes.find((one) => {
      const [from, until] = numbers(one.dataset.hours);
      return one !== box && one.checked && start < until && from < end;
    });
    return other ? status.dataset.clash.replace("{name}", other.dataset.name) : "";
  };

  const hints = boxes.map((box) => box.labels[0].lastElementChild.appendChild(document.createElement("small")));
  const show = ({ target }) => {
    boxes.forEach((box, index) => (hints[index].textContent = hintFor(box)));
    status.textContent = target.checked && target.dataset.hours ? hintFor(target) : "";
  };
  hints.forEach((hint) => (hint.className = "hint"));
  form.addEventListener("change", show);
  // Also after Back, when the browser fills in the form again.
  addEventListener("pageshow", show);
}
