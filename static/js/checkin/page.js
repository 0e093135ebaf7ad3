// The parts of the scanner's page, and what they say about the connection.

export const main = document.querySelector("[data-checkin]");
export const box = document.querySelector("[data-scanner]");
export const texts = box.dataset;
export const checkpoint = main.dataset.scannerUrl;
export const part = (name) => box.querySelector(`[data-${name}]`);

// The worker opens this page where it has none of the gate that was meant.
part("elsewhere").hidden = location.hash !== "#elsewhere";

export const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
// A button that is on or off; returns which.
export const toggle = (button) => {
  const isOn = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", isOn);
  return isOn;
};

export const showCounts = (counts) => {
  for (const name of ["in", "of"]) {
    const shown = document.querySelector(`[data-counts] [data-${name}]`);
    if (shown && counts) shown.textContent = counts[name];
  }
};

// ---- The last scans: in this page only, and only as long as the login lasts

const recent = document.querySelector("[data-recent]");
const lines = recent.querySelector("ol");
const SHOWN = 5;

// Adds a scan; the line returned changes if it is undone.
export const addRecent = ({ tone, word, name, event, url }) => {
  const line = document.createElement("li");
  const link = line.appendChild(document.createElement(url ? "a" : "span"));
  if (url) link.href = url;
  link.appendChild(document.createElement("b"));
  link.appendChild(document.createElement("bdi")).translate = false;
  const change = (to) => {
    link.className = `recent-scan is-${to.tone}`;
    link.firstChild.textContent = to.word;
  };
  change({ tone, word });
  link.lastChild.textContent = name || event || "–";
  lines.prepend(line);
  while (lines.children.length > SHOWN) lines.lastChild.remove();
  recent.hidden = false;
  return change;
};
export const clearRecent = () => {
  lines.replaceChildren();
  recent.hidden = true;
  document.querySelector("[data-unexplained]")?.remove();
};

// Says why the server does not answer; nothing while it does.
export const showConnection = (reason = "") => {
  const isExpired = ["signed_out", "no_access"].includes(reason);
  part("offline").hidden = !["offline", "portal"].includes(reason);
  part("portal").hidden = reason !== "portal";
  part("expired").hidden = !isExpired;
  if (isExpired) clearRecent();
};
