// <details data-menu>: Escape, a click elsewhere and leaving by keyboard close it.
function close(menu, andFocus) {
  if (!menu.open) return;
  menu.open = false;
  if (andFocus) menu.querySelector("summary")?.focus();
}

/** Lay an open menu over everything, so that no scrolling region around it cuts it off. */
function place(menu) {
  const items = menu.querySelector(".menu-items");
  if (!items) return;
  const { style } = items;
  style.cssText = "";
  if (!menu.open) return;
  const button = menu.querySelector("summary").getBoundingClientRect();
  if (!menu.closest(".table-region, .card-flush")) {
    if (items.getBoundingClientRect().left < 8) style.insetInline = `${8 - button.left}px auto`;
    return;
  }
  const { offsetWidth: width, offsetHeight: height } = items;
  const below = button.bottom + 6;
  style.position = "fixed";
  style.inset = "auto";
  style.left = `${Math.max(8, Math.min(button.right - width, innerWidth - width - 8))}px`;
  style.top = `${below + height > innerHeight - 8 ? Math.max(8, button.top - height - 6) : below}px`;
}

document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.("details[data-menu]")) return;
  // A click between its controls then focuses the menu itself, and not what lies around it.
  event.target.querySelector(".menu-items")?.setAttribute("tabindex", "-1");
  place(event.target);
}, { capture: true });
document.addEventListener("scroll", (event) => {
  if (event.target.closest?.(".menu-items")) return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu.querySelector(".menu-items")?.style.position) close(menu, false);
  }
}, { capture: true, passive: true });
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) close(menu, false);
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const among = event.target.closest?.("dialog") ?? document; // what lies under a dialog stays as it is
  for (const menu of among.querySelectorAll("details[data-menu][open]")) {
    close(menu, menu.contains(event.target) || event.target === document.body);
  }
});
document.addEventListener("focusin", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) close(menu, false);
  }
});
