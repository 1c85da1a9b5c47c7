// What Word, Google Docs and Sheets paste. Lists of Word are paragraphs that begin with a drawn bullet and name their level in a
// style; bold words of Google are spans with a style.
const LEVEL = /mso-list:\s*l\d+\s+level(\d+)/i;
const NUMBERED = /^\s*(?:\d+|[a-z]|[ivxlc]+)[.)]/i;
const TAG = /<[^>]*>/g;
const STYLE = /\sstyle\s*=/gi;
const BOLD = /font-weight:\s*(bold|[6-9]00)/i;
const ITALIC = /font-style:\s*italic/i;

/** Pasted HTML without styles, which no page of ours may have: what they said of lists and of bold words are elements. */
export function withoutStyles(html) {
  const unstyled = html.replace(TAG, (tag) => tag.replace(STYLE, " data-style="));
  const holder = new DOMParser().parseFromString(unstyled, "text/html");
  makeLists(holder);
  for (const element of holder.querySelectorAll("b[data-style], span[data-style]")) {
    const style = element.dataset.style;
    const around = [...(BOLD.test(style) ? ["strong"] : []), ...(ITALIC.test(style) ? ["em"] : [])];
    if (around.length || /font-weight:\s*(normal|400)/i.test(style)) {
      const pieces = [...element.childNodes];
      element.replaceWith(...pieces);
      for (const piece of around.length ? pieces : []) wrap(holder, piece, around);
    }
  }
  for (const element of holder.querySelectorAll("[data-style]")) delete element.dataset.style;
  return holder.body.innerHTML;
}

function wrap(holder, piece, names) {
  for (const name of names) {
    const around = holder.createElement(name);
    piece.replaceWith(around);
    around.append(piece);
    piece = around;
  }
}

function makeLists(holder) {
  let open = []; // the lists that are open, the outermost first
  let last = null;
  for (const paragraph of holder.querySelectorAll("p, h1, h2, h3")) {
    const level = Number(LEVEL.exec(paragraph.dataset.style ?? "")?.[1] ?? 0);
    if (!level) continue;
    if (!last || nextOf(last) !== paragraph) open = [];
    const kind = NUMBERED.test(takeBullet(paragraph)) ? "ol" : "ul";
    open.length = Math.min(open.length, level);
    if (open.at(-1) && open.length === level && open.at(-1).localName !== kind) open.pop();
    const place = paragraph.nextSibling;
    const parent = paragraph.parentNode;
    const item = holder.createElement("li");
    const inner = holder.createElement("p");
    inner.append(...paragraph.childNodes);
    item.append(inner);
    while (open.length < level) {
      const list = holder.createElement(kind);
      const under = open.at(-1)?.lastElementChild;
      if (under) under.append(list);
      else if (open.length) open.at(-1).append(list);
      else parent.insertBefore(list, place);
      open.push(list);
      if (open.length < level && !list.lastElementChild) break; // a level that begins too deep
    }
    open.at(-1).append(item);
    paragraph.remove();
    last = open[0];
  }
}

function nextOf(list) {
  return list.nextElementSibling;
}

/** Remove the drawn bullet or number, and return it. */
function takeBullet(paragraph) {
  const drawn = paragraph.querySelector("[data-style*='mso-list:Ignore'], [data-style*='mso-list: Ignore']");
  const text = drawn?.textContent ?? "";
  drawn?.remove();
  return text;
}
