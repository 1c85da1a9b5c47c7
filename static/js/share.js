// data-share-text: the device's own share sheet. The text holds the address: apps drop one of the two. The mark on the page tells the stylesheet whether there is one.
if (navigator.share) document.documentElement.dataset.share = "";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-share-text]");
  if (!button) return;
  const { shareTitle: title, shareText: text } = button.dataset;
  try {
    await navigator.share({ title, text });
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
});
