// Variables of a mail: chips on the screen, {{ name }} or {{ name | fallback }} in what is posted.
const VARIABLE = /\{\{\s*([a-z_]+)\s*(?:\|\s*([^{}|]*?)\s*)?\}\}/g;
export const TYPED = /\{\{\s*([a-z_]+)\s*(?:\|\s*([^{}|]*?)\s*)?\}\}$/;
const KEPT = "p h1 h2 h3 ul ol li blockquote table tbody tr td th a b strong i em u s code br hr span".split(" ");
const GONE = "script style template iframe object svg math";
const ADDRESS = /^(https?:|mailto:|\{\{)/i;

/** A chip of this variable as text. */
export function written({ name, fallback }) {
  return fallback ? `{{ ${name} | ${fallback} }}` : `{{ ${name} }}`;
}

/** What a chip says, and how it looks: a name that no variable has is marked. */
export function chipOf({ name, fallback }, known) {
  return { look: known.has(name) ? "chip" : "chip chip-unknown", words: fallback ? `${name} | ${fallback}` : name };
}

/** HTML or text as it is posted → harmless HTML with a chip for each variable, outside of addresses. */
export function withChips(source, { isLine, known }) {
  const holder = new DOMParser().parseFromString(isLine ? "<p></p>" : source, "text/html");
  if (isLine) holder.querySelector("p").textContent = source;
  else keepHarmless(holder.body);
  const walker = holder.createTreeWalker(holder.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    const pieces = [];
    let end = 0;
    for (const match of text.data.matchAll(VARIABLE)) {
      pieces.push(text.data.slice(end, match.index), chip(holder, { name: match[1], fallback: match[2] ?? "" }, known));
      end = match.index + match[0].length;
    }
    if (pieces.length) text.replaceWith(...pieces, text.data.slice(end));
  }
  return holder.body.innerHTML;
}

function chip(holder, variable, known) {
  const { look, words } = chipOf(variable, known);
  const element = holder.createElement("span");
  element.className = look;
  element.contentEditable = "false";
  element.dataset.variable = variable.name;
  element.dataset.fallback = variable.fallback;
  element.textContent = words;
  return element;
}

/** Leave what a mail can have. What is posted is checked by the server; this is for the page that shows it. */
function keepHarmless(root) {
  for (const element of root.querySelectorAll(GONE.split(" ").join())) element.remove();
  for (const element of root.querySelectorAll("*")) {
    if (!KEPT.includes(element.localName)) element.replaceWith(...element.childNodes);
    else for (const { name, value } of [...element.attributes]) {
      const isKept = name.startsWith("data-") || (name === "href" && ADDRESS.test(value.trim()));
      if (!isKept) element.removeAttribute(name);
    }
  }
}

/** HTML with chips → HTML as it is posted. */
export function withoutChips(html) {
  return withText(new DOMParser().parseFromString(html, "text/html").body).innerHTML;
}

/** What a box holds → one line of text as it is posted. */
export function lineOf(box) {
  return withText(box.cloneNode(true)).textContent.replace(/\s+/g, " ").trim();
}

function withText(root) {
  for (const place of root.querySelectorAll("br[data-place]")) place.remove();
  for (const element of root.querySelectorAll("span[data-variable]")) {
    element.replaceWith(written({ name: element.dataset.variable, fallback: element.dataset.fallback }));
  }
  return root;
}
