// What every page has: the mark that script runs, copy, the colour scheme, focus on an error summary, and toasts: any module
// may dispatch "toast" on the document. Modules do not import this one, so that it runs once under whatever name it is served.
const root = document.documentElement;
root.dataset.script = "";

function region() {
  let found = document.querySelector(".toasts");
  if (!found) {
    found = document.createElement("div");
    found.className = "toasts";
    found.setAttribute("role", "status");
    placeOfToasts().append(found);
  }
  return found;
}

/** In a drawer above its buttons, which stay free. */
function placeOfToasts() {
  const dialog = document.querySelector("dialog:modal");
  return dialog?.querySelector(".drawer-body") ?? dialog ?? document.body;
}

/** Say something in passing, to the eye and to a screen reader. */
function toast(text) {
  const host = placeOfToasts();
  const place = region();
  if (place.parentElement !== host) host.append(place);
  const line = document.createElement("div");
  line.className = "toast";
  line.textContent = text;
  place.replaceChildren(line);
  setTimeout(() => line.remove(), 3500);
}

async function copy(button) {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyOldWay(text, button)) {
      toast(document.body.dataset.wordRefused);
      return;
    }
  }
  const label = button.querySelector("[data-copy-text]");
  if (label && !button.dataset.copied) {
    const before = label.textContent;
    label.textContent = document.body.dataset.wordCopied;
    setTimeout(() => { label.textContent = before; }, 2000);
  }
  button.dataset.copied = "yes";
  setTimeout(() => delete button.dataset.copied, 2000);
  toast(button.dataset.copiedLabel || document.body.dataset.wordCopied);
}

function copyOldWay(text, button) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  button.after(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  button.focus();
  return done;
}

function chooseScheme(scheme) {
  const age = scheme ? 31536000 : 0;
  document.cookie = `scheme=${scheme}; path=/; max-age=${age}; samesite=lax`;
  if (scheme) root.dataset.theme = scheme; else delete root.dataset.theme;
  document.querySelector('meta[name="color-scheme"]')?.setAttribute("content", scheme || "light dark");
  for (const colour of document.querySelectorAll("[data-colour-of]")) {
    const own = colour.dataset.colourOf;
    colour.media = scheme ? (scheme === own ? "all" : "not all") : `(prefers-color-scheme: ${own})`;
  }
  for (const button of document.querySelectorAll("[data-scheme]")) {
    button.setAttribute("aria-pressed", String(button.dataset.scheme === scheme));
  }
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-copy], [data-scheme], [data-dismiss]");
  if (!target) return;
  if (target.dataset.copy !== undefined) copy(target);
  else if (target.dataset.scheme !== undefined) chooseScheme(target.dataset.scheme);
  else (target.closest(".messages > li") ?? target.closest(".alert"))?.remove();
});

document.addEventListener("toast", (event) => toast(event.detail));
document.querySelector("[data-focus]")?.focus();
