// Dialogs and drawers: data-opens="<id>" opens one, a served open one becomes modal, data-closes and a click on the veil close.
function show(dialog) {
  if (dialog.matches(":modal")) return;
  dialog.removeAttribute("open");
  dialog.showModal();
}

/** Make what was served open modal: dialogs always, drawers only where they lie over their page. */
export function upgrade(within) {
  for (const dialog of within.querySelectorAll("dialog[data-modal]")) show(dialog);
  for (const drawer of within.querySelectorAll("#drawer dialog[data-drawer]")) {
    drawer.addEventListener("close", () => drawer.remove(), { once: true });
    show(drawer);
  }
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.opens);
    if (dialog) {
      event.preventDefault();
      show(dialog);
    }
    return;
  }
  const dialog = event.target.closest("dialog:modal");
  if (!dialog) return;
  const closer = event.target.closest("[data-closes]");
  if (closer || (event.target === dialog && outside(dialog, event) && !dialog.matches("[data-drawer]"))) {
    event.preventDefault();
    dialog.close();
  }
});

function outside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

document.addEventListener("htmx:afterSettle", () => upgrade(document));
upgrade(document);
