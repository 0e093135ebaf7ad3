// A long list of check boxes gets a field that hides the names without its text; those that are ticked stay.
document.addEventListener("DOMContentLoaded", () => {
  for (const list of document.querySelectorAll(".check-list")) {
    const rows = [...list.querySelectorAll("label")];
    if (rows.length <= 30) continue;
    const field = Object.assign(document.createElement("input"), { type: "search", autocomplete: "off" });
    field.setAttribute("aria-label", `${list.getAttribute("aria-label")}: ${list.dataset.filter}`);
    field.placeholder = list.dataset.filter;
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLocaleLowerCase();
      for (const row of rows) {
        const isNamed = row.textContent.toLocaleLowerCase().includes(wanted);
        row.hidden = !isNamed && !row.querySelector("input").checked;
      }
    });
    field.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
    list.before(field);
  }
});
