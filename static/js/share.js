// data-share-url: the device's own share sheet. The mark on the page tells the stylesheet whether there is one.
if (navigator.share) document.documentElement.dataset.share = "";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-share-url]");
  if (!button) return;
  const { shareUrl: url, shareTitle: title, shareText: text } = button.dataset;
  try {
    await navigator.share({ url, title, text });
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
});
