// Logging out, on every page of the door: never before the scans on this phone are uploaded and deleted.

const form = document.querySelector("[data-logout]");

// The newest CSRF token, and whether the user is logging out, so that the scanner stops synchronising.
export const session = { token: form.elements.csrfmiddlewaretoken.value, isEnding: false };

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const leaving = await import("./leaving.js").catch(() => null);
  if (leaving) leaving.prepare(form, session);
  else form.submit();
});
