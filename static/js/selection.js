// <form data-selection>: "select all", the count, and the bar that comes with the first checked box. Where all rows of the page
// are checked, a line offers all that match; with data-all-chosen they are, and the page says so itself.
function boxes(form) {
  return [...form.querySelectorAll("[data-select]:not(:disabled)")];
}

function update(form) {
  if (form.hasAttribute("data-all-chosen")) return;
  const all = boxes(form);
  const checked = all.filter((box) => box.checked).length;
  for (const box of form.querySelectorAll("[data-select-all]")) {
    box.checked = checked > 0 && checked === all.length;
    box.indeterminate = checked > 0 && checked < all.length;
  }
  for (const bar of form.querySelectorAll("[data-selection-bar]")) bar.hidden = checked === 0;
  for (const line of form.querySelectorAll("[data-selection-all]")) line.hidden = checked < all.length;
  for (const place of form.querySelectorAll("[data-selection-count]")) {
    place.textContent = `${checked.toLocaleString(document.documentElement.lang)} ${place.dataset.noun}`;
  }
}

function updateAll() {
  for (const form of document.querySelectorAll("form[data-selection]")) update(form);
}

let last = null;
document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-select]");
  if (!box) return;
  const form = box.closest("form[data-selection]");
  if (event.shiftKey && last && form?.contains(last)) {
    const all = boxes(form);
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const other of all.slice(from, to + 1)) other.checked = box.checked;
    update(form);
  }
  last = box;
});
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-selection]");
  if (!form) return;
  if (event.target.matches("[data-select-all]")) {
    for (const box of boxes(form)) box.checked = event.target.checked;
  }
  update(form);
});
document.addEventListener("htmx:afterSettle", updateAll);
window.addEventListener("pageshow", updateAll);
updateAll();
