// The busy page tries again by itself: a page is loaded again, a form is sent again with the answers that form.js keeps
// in this tab.

const LONGEST_MINUTES = 10;
const SECONDS = 8 + Math.random() * 4;

// Taken out at once, and put back only when they are sent: nobody finds them behind a page that was left open.
const take = () => {
  try {
    const text = sessionStorage.getItem("unanswered");
    sessionStorage.removeItem("unanswered");
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const kept = take();
const isTheirs = kept && kept.path === location.pathname && Date.now() - kept.at < LONGEST_MINUTES * 60_000;

const send = () => {
  const form = document.createElement("form");
  form.method = "post";
  form.action = kept.path + kept.query;
  form.hidden = true;
  for (const [name, value] of kept.fields) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
  document.body.append(form);
  sessionStorage.setItem("unanswered", JSON.stringify(kept));
  // A field may be named "submit".
  HTMLFormElement.prototype.submit.call(form);
};

// Without this script the sentence for those who try again by hand stays.
const show = (sentence, act) => {
  document.querySelector("[data-by-hand]").hidden = true;
  sentence.hidden = false;
  setTimeout(act, SECONDS * 1000);
};

const loaded = document.querySelector("[data-reload]");
if (loaded) show(loaded, () => location.reload());

const sent = document.querySelector("[data-again]");
if (sent && isTheirs) show(sent, send);
