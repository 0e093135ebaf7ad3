// Progressive enhancements. Every page works without this file.

const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
const visible = () => document.visibilityState === "visible";

// A form that was sent has its answer (see form.js).
try {
  sessionStorage.removeItem("unanswered");
} catch {
  // Storage is blocked.
}

// The error summary has autofocus; some browsers ignore it on elements other than inputs.
each("#error-summary", (summary) => summary.focus());

// The countdown uses the server's time and measures only how long this page has been open.
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

// Live state: fetches the same page in the background, only while it is visible.
each("[data-live]", (box) => {
  const wait = () => setTimeout(refresh, box.dataset.live * 1000 * (1 + Math.random() / 2));
  const refresh = async () => {
    try {
      if (visible() && !box.contains(document.activeElement)) {
        const answer = await fetch(location.href, { cache: "no-store" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = answer.ok && page.querySelector("[data-live]");
        // The live region is gone because the state was reached: show the new page.
        if (answer.ok && !fresh) location.reload();
        if (fresh && fresh.innerHTML !== box.innerHTML) box.innerHTML = fresh.innerHTML;
      }
    } catch {
      // The network is unavailable: the next refresh tries again.
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
