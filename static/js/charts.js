// <figure data-chart>: the line above a chart says what the bar under the pointer is; in the focused chart, arrow keys, Home and End
// move from bar to bar.
function read(figure, bar) {
  const line = figure.querySelector("[data-chart-read]");
  for (const other of figure.querySelectorAll(".is-read")) other.classList.remove("is-read");
  bar?.classList.add("is-read");
  line.textContent = bar ? bar.querySelector("title").textContent : line.dataset.resting;
}

document.addEventListener("pointerover", (event) => {
  const bar = event.target.closest?.("[data-bar]");
  if (bar) read(bar.closest("[data-chart]"), bar);
});

document.addEventListener("pointerout", (event) => {
  const figure = event.target.closest?.("[data-chart]");
  if (figure && !figure.contains(event.relatedTarget)) read(figure, null);
});

document.addEventListener("focusout", (event) => {
  const figure = event.target.closest?.("[data-chart]");
  if (figure && event.target.matches("svg")) read(figure, null);
});

document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.("[data-chart] svg")) return;
  const figure = event.target.closest("[data-chart]");
  const bars = [...figure.querySelectorAll("[data-bar]")];
  const at = bars.findIndex((bar) => bar.classList.contains("is-read"));
  const places = {
    ArrowRight: Math.min(at + 1, bars.length - 1),
    ArrowLeft: at < 0 ? bars.length - 1 : Math.max(at - 1, 0),
    Home: 0,
    End: bars.length - 1,
  };
  if (!(event.key in places)) return;
  event.preventDefault();
  read(figure, bars[places[event.key]]);
});
