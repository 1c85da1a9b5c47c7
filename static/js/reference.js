/* Draws the reference of the API with Redoc, in our colours. */
const place = document.querySelector("[data-reference]");
// Redoc draws parts of itself in colours that are legible on light paper alone.
const colour = { accent: "#00707a", ink: "#14222a", muted: "#4f5c62", sunk: "#f4f3f0", line: "#e0dfdb" };

// Redoc asks another host for its maker's logo. The page's policy refuses that, and browsers would
// report it as an error: say at once that there is none.
const source = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
function set(image, value) {
  const host = new URL(value, location).host;
  if (host && host !== location.host) queueMicrotask(() => image.dispatchEvent(new Event("error")));
  else source.set.call(image, value);
}
Object.defineProperty(HTMLImageElement.prototype, "src", { ...source, set(value) { set(this, value); } });
HTMLImageElement.prototype.setAttribute = function (name, value) {
  if (name === "src") set(this, value);
  else Element.prototype.setAttribute.call(this, name, value);
};

const style = getComputedStyle(document.body);
const font = { fontFamily: style.fontFamily };
window.Redoc.init(
  place.dataset.reference,
  {
    hideDownloadButton: true,
    nativeScrollbars: true,
    pathInMiddlePanel: true,
    requiredPropsFirst: true,
    scrollYOffset: ".documentation-bar",
    theme: {
      breakpoints: { medium: "60rem", large: "90rem" },
      colors: {
        primary: { main: colour.accent },
        text: { primary: colour.ink, secondary: colour.muted },
        border: { dark: colour.line, light: colour.line },
        gray: { 50: colour.sunk, 100: colour.sunk },
      },
      typography: {
        ...font,
        fontSize: "15px",
        headings: { ...font, fontWeight: "650" },
        code: { fontFamily: style.getPropertyValue("--mono"), color: colour.ink, backgroundColor: colour.sunk },
        links: { color: colour.accent, visited: colour.accent, hover: colour.accent },
      },
      sidebar: { backgroundColor: colour.sunk, textColor: colour.ink, activeTextColor: colour.accent },
      schema: { nestedBackground: colour.sunk, typeNameColor: colour.muted, typeTitleColor: colour.muted, linesColor: colour.line },
      rightPanel: { backgroundColor: "#142026", textColor: "#e8eef0" },
      codeBlock: { backgroundColor: "#0c1519" },
    },
  },
  place,
);
