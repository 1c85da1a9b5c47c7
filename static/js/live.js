// data-live: the page keeps itself current by asking for itself again. It tells the tag of what it shows, so that the answer
// is empty while nothing changed. Nobody is asked while nobody looks, and nothing that is open, focused or being filled in
// is lost.
const EVERY = 30_000, LONGEST = 600_000; // milliseconds
const page = document.querySelector("[data-live]");
const shown = new Map();
let tag = page?.dataset.live, pause = EVERY, asked = Date.now(), timer = 0;

function parts(root) {
  return [...root.querySelectorAll("[data-live-part]")];
}

function plan(wait) {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(refresh, wait);
}

function slower(answer) {
  const seconds = Number(answer?.headers.get("Retry-After")) || 0;
  pause = Math.min(Math.max(pause * 2, seconds * 1000), LONGEST);
}

async function refresh() {
  asked = Date.now();
  try {
    const answer = await fetch(location.href, { headers: { "If-None-Match": tag }, cache: "no-store" });
    if (answer.status === 404) return location.reload(); // the link works no more, and so nothing of it stays in sight
    if (answer.status === 304) tellTime(decodeURIComponent(answer.headers.get("Dashboard-Updated") ?? ""));
    else if (answer.ok) await show(answer);
    if (answer.ok || answer.status === 304) pause = EVERY;
    else slower(answer);
  } catch {
    slower(); // no connection: it comes back
  }
  plan(pause);
}

function tellTime(words) {
  const place = document.querySelector("[data-updated]");
  if (place && words) place.textContent = words;
}

async function show(answer) {
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const waits = parts(document).filter((part) => !renew(part, fresh));
  tellTime(fresh.querySelector("[data-updated]")?.textContent);
  if (!waits.length) tag = answer.headers.get("ETag");
}

/** Put what is new in place of what was; false where somebody is filling something in. */
function renew(part, fresh) {
  const name = part.dataset.livePart;
  const next = fresh.querySelector(`[data-live-part="${name}"]`);
  const html = next?.innerHTML ?? "";
  if (html === shown.get(name)) return true;
  if (part.querySelector("input:focus, textarea:focus, select:focus")) return false;
  const open = new Set([...part.querySelectorAll("details[open]")].map(called));
  const focused = part.contains(document.activeElement) ? mark(document.activeElement) : null;
  const values = new Set([...part.querySelectorAll(".stat-value")].map((value) => value.textContent));
  part.replaceChildren(...(next?.childNodes ?? []));
  shown.set(name, html);
  for (const fold of part.querySelectorAll("details")) fold.open = open.has(called(fold));
  for (const value of part.querySelectorAll(".stat-value")) value.classList.toggle("is-new", !values.has(value.textContent));
  if (focused) [...part.querySelectorAll("a, button, summary")].find((one) => mark(one) === focused)?.focus({ preventScroll: true });
  return true;
}

/** What a fold is about, whatever its state says by now. */
function called(fold) {
  const summary = fold.querySelector("summary").cloneNode(true);
  for (const state of summary.querySelectorAll(".rows-state, .rows-amount")) state.remove();
  return summary.textContent.trim();
}

function mark(element) {
  return `${element.tagName} ${element.getAttribute("href") ?? element.getAttribute("aria-label") ?? element.textContent.trim()}`;
}

if (page) {
  for (const part of parts(document)) shown.set(part.dataset.livePart, part.innerHTML);
  document.addEventListener("visibilitychange", () => plan(Math.max(0, asked + pause - Date.now())));
  plan(EVERY);
}
