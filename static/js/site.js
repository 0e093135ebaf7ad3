// Small comforts. Every page works without this file.

const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
const visible = () => document.visibilityState === "visible";

// The error summary has autofocus; this is for browsers that ignore it outside of inputs.
each("#error-summary", (summary) => summary.focus());

// The countdown trusts the server's clock and only measures how long this page has been open.
each("[data-until]", (box) => {
  const { until, now, days, hours, minutes, over } = box.dataset;
  const left = Date.parse(until) - Date.parse(now);
  const opened = performance.now();
  const show = () => {
    const s = Math.ceil((left - performance.now() + opened) / 1000);
    if (s <= 0) {
      box.textContent = over;
      if ("reload" in box.dataset) setTimeout(() => location.reload(), 500 + Math.random() * 3000);
      return;
    }
    const two = (number) => String(Math.floor(number)).padStart(2, "0");
    const parts = { d: Math.floor(s / 86400), h: Math.floor((s % 86400) / 3600), m: two((s % 3600) / 60), s: two(s % 60) };
    box.textContent = (parts.d ? days : parts.h ? hours : minutes).replace(/{(\w)}/g, (_, part) => parts[part]);
    setTimeout(show, 1000 - ((performance.now() - opened) % 1000));
  };
  show();
});

// Live state: the same page again, quietly, only while somebody looks at it.
each("[data-live]", (box) => {
  const wait = () => setTimeout(refresh, box.dataset.live * 1000 * (1 + Math.random() / 2));
  const refresh = async () => {
    try {
      if (visible() && !box.contains(document.activeElement)) {
        const answer = await fetch(location.href, { cache: "no-store" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = answer.ok && page.querySelector("[data-live]");
        // What was waited for is there: it is another page.
        if (answer.ok && !fresh) location.reload();
        if (fresh && fresh.innerHTML !== box.innerHTML) box.innerHTML = fresh.innerHTML;
      }
    } catch {
      // No network just now: the next turn tries again.
    }
    wait();
  };
  wait();
});

each("[data-copy]", (button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.done;
  });
});
