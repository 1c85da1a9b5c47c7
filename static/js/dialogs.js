// Dialogs and drawers: data-opens="<id>" opens one, a served open one becomes modal, data-closes closes. A drawer that was
// written in asks to be closed twice, and gives the focus back to what opened it however many steps it went through.
const host = document.getElementById("drawer");
const BEGINS_WITH = ["[data-focus]", "[contenteditable][aria-invalid=true]", "[aria-invalid=true]:not([data-editor])"];
let opener = null;
let pressed = "";

function show(dialog) {
  if (dialog.matches(":modal")) return;
  dialog.removeAttribute("open");
  dialog.showModal();
}

function nameOf(button) {
  return button?.ariaLabel || button?.textContent.trim() || "";
}

/** Where a step begins: with what is wrong, with the button that was pressed, with its first field, or else its title. */
function focusIn(drawer) {
  const wrong = drawer.querySelector(BEGINS_WITH.join());
  const again = [...drawer.querySelectorAll("button")].find((one) => pressed && !one.disabled && nameOf(one) === pressed);
  const title = drawer.querySelector("h1, h2");
  if (title) title.tabIndex = -1;
  (wrong ?? again ?? drawer.querySelector("[autofocus]:not([data-editor])") ?? title)?.focus();
  pressed = "";
}

function close(drawer) {
  if (!host.querySelector("dialog:modal")) delete host.dataset.again;
  drawer.remove();
  opener?.focus();
  opener = null;
}

/** Whether closing must be asked for once more, because what was written would be lost. */
function isKept(drawer, again) {
  if (drawer.dataset.changed === undefined) return false;
  delete drawer.dataset.changed;
  document.dispatchEvent(new CustomEvent("toast", { detail: `${again} again to close without sending` }));
  return true;
}

function refuseOnce(event) {
  if (isKept(event.currentTarget, "Press Escape")) event.preventDefault();
}

/** Make what was served open modal: dialogs always, drawers only where they lie over their page. */
function upgrade() {
  for (const dialog of document.querySelectorAll("dialog[data-modal]")) show(dialog);
  for (const drawer of host?.querySelectorAll("dialog[data-drawer]:not(:modal)") ?? []) {
    drawer.addEventListener("close", () => close(drawer), { once: true });
    drawer.addEventListener("cancel", refuseOnce);
    drawer.addEventListener("input", () => { drawer.dataset.changed = ""; });
    show(drawer);
    focusIn(drawer);
  }
}

function outside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-opens]");
  const asked = button && document.getElementById(button.dataset.opens);
  if (asked) {
    event.preventDefault();
    show(asked);
    return;
  }
  const dialog = event.target.closest("dialog:modal");
  if (!dialog) return;
  const onVeil = event.target === dialog && outside(dialog, event) && !dialog.matches("[data-drawer]");
  if (event.target.closest("[data-closes]") || onVeil) {
    event.preventDefault();
    if (!isKept(dialog, "Press Close")) dialog.close();
  }
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target !== host) return;
  pressed = opener ? nameOf(event.detail.requestConfig.triggeringEvent?.submitter) : "";
  opener ??= event.detail.elt;
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target === host && host.querySelector("dialog:modal")) host.dataset.again = "";
});
document.addEventListener("htmx:afterSettle", upgrade);
upgrade();
