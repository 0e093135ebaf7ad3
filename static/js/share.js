// Sharing, copying and printing by a button. Without this file the text can be marked and copied by hand.

const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
const textOf = (id) => document.getElementById(id).value;

each("[data-share]", (button) => {
  if (!navigator.share) return;
  button.hidden = false;
  // Whoever closes the menu has changed their mind, which is no error.
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
