// The search box of the brand admin: "/" and Ctrl-K open it, arrows go through what was found.
const box = document.getElementById("search");
const words = document.getElementById("search-words");

function isTyping(target) {
  return target.closest?.("input, textarea, select, [contenteditable]") !== null;
}

function move(step) {
  const stops = [words, ...box.querySelectorAll("#search-found a")];
  const at = stops.indexOf(document.activeElement);
  stops[(at + step + stops.length) % stops.length].focus();
}

document.addEventListener("keydown", (event) => {
  const isSlash = event.key === "/" && !isTyping(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey;
  const isControlK = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
  if ((isSlash || isControlK) && !document.querySelector("dialog:modal")) {
    event.preventDefault();
    box.showModal();
    words.select();
  }
});

box?.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  event.preventDefault();
  move(event.key === "ArrowDown" ? 1 : -1);
});
