// Buttons that share, copy and print. Without this file the text can be selected and copied by hand.

const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
const textOf = (id) => document.getElementById(id).value;

each("[data-share]", (button) => {
  if (!navigator.share) return;
  button.hidden = false;
  // Closing the menu rejects the promise; that is not an error.
  button.addEventListener("click", () => navigator.share({ text: textOf(button.dataset.share) }).catch(() => {}));
});

each("[data-copy-from]", (button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(textOf(button.dataset.copyFrom));
    button.textContent = button.dataset.done;
  });
});

each("[data-print]", (button) => {
  button.hidden = false;
  button.addEventListener("click", () => print());
});
