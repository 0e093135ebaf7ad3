// Lists of the admin: all rows selected with one box, and the number of those selected.
(() => {
  const form = document.getElementById("changelist-form");
  const boxes = [...document.querySelectorAll("input.action-select")];
  const every = document.getElementById("action-toggle");
  const said = form && form.querySelector("[data-selected]");
  if (!said || !every || !boxes.length) return;
  const words = said.textContent;
  const across = form.querySelector("[name=select_across]");
  const show = () => {
    const count = boxes.filter((box) => box.checked).length;
    every.checked = count === boxes.length;
    every.indeterminate = count > 0 && !every.checked;
    if (across && !every.checked) across.checked = false;
    form.classList.toggle("has-selection", count > 0);
    form.classList.toggle("has-all", every.checked);
    said.textContent = count ? `${said.dataset.selected} ${count}` : words;
  };
  form.classList.add("is-counted");
  form.addEventListener("change", (event) => {
    if (event.target === every) boxes.forEach((box) => { box.checked = every.checked; });
    show();
  });
  window.addEventListener("pageshow", show);
  show();
})();
