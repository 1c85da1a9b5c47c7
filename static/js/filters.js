// <form data-auto-submit>: a changed choice sends it at once, typing after a pause; empty fields stay out of the address.
// On a phone the fields are folded until the button is pressed.
let waiting = 0;

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-filter-toggle]");
  if (!toggle) return;
  const isOpen = toggle.form.classList.toggle("is-open");
  toggle.setAttribute("aria-expanded", String(isOpen));
});

document.addEventListener("change", (event) => {
  const { form, type } = event.target; // a control may stand in one form and belong to another
  if (form?.matches("[data-auto-submit]") && type !== "search") form.requestSubmit();
});

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-auto-submit]");
  if (!form || event.target.type !== "search") return;
  clearTimeout(waiting);
  waiting = setTimeout(() => form.requestSubmit(), 500);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-auto-submit]")) return;
  clearTimeout(waiting);
  for (const field of form.elements) {
    if (field.name && field.value === "") field.disabled = true;
  }
  const active = document.activeElement;
  if (active?.type === "search") sessionStorage.setItem("searching", location.pathname);
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-auto-submit]")) {
    for (const field of form.elements) field.disabled = false;
    const search = form.querySelector('input[type="search"]');
    if (search && sessionStorage.getItem("searching") === location.pathname) {
      search.focus();
      search.setSelectionRange(search.value.length, search.value.length);
    }
  }
  sessionStorage.removeItem("searching");
});
