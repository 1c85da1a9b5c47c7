// The boxes of a mail's text, each over the plain field that is posted, which works alone where script doesn't run. The browser
// itself edits a box until somebody uses it: only then is the editor loaded, which is large, and takes over what stands there.
import { lineOf, withChips, withoutChips } from "./chips.js";

const MARKS = ["\ue010", "\ue011"]; // stand in the text for the two ends of the selection while the editor takes over
const BEGINS = ["beforeinput", "click", "drop"];
let latest = null;

class Box {
  constructor(field, { source, known }) {
    this.field = field;
    this.known = known;
    this.source = source;
    this.isLine = field.dataset.editor === "line";
    this.editor = null;
    this.element = document.createElement("div");
    this.element.className = `editor editor-${field.dataset.editor}`;
    const focused = document.activeElement === field;
    field.before(this.element);
    this.attributes = this.describe();
    this.still = this.begin();
    this.element.append(this.still, field);
    field.required = false;
    if (!this.isLine) this.element.prepend(...toolbar(this));
    // The editor would keep Escape for itself; the drawer closes with it.
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && event.target.closest(".ProseMirror")) event.stopPropagation();
    }, { capture: true });
    if (focused) this.still.focus();
  }

  describe() {
    const { field } = this;
    const label = field.labels?.[0];
    if (label && !label.id) label.id = `${field.id}-label`;
    label?.addEventListener("click", () => (this.editor ? this.editor.commands.focus() : this.still.focus()));
    return {
      role: "textbox",
      "aria-multiline": String(!this.isLine),
      "aria-labelledby": label?.id ?? "",
      "aria-describedby": field.getAttribute("aria-describedby") ?? "",
      "aria-invalid": field.getAttribute("aria-invalid") ?? "false",
      ...(field.autofocus ? { autofocus: "" } : {}),
    };
  }

  /** The text as the editor would show it, for the browser to edit. */
  begin() {
    const still = document.createElement("div");
    still.className = "ProseMirror";
    still.contentEditable = "true";
    for (const [name, value] of Object.entries(this.attributes)) still.setAttribute(name, value);
    still.innerHTML = withChips(this.field.value, this);
    for (const paragraph of still.querySelectorAll("p")) {
      const { firstChild } = paragraph;
      const isLink = paragraph.childNodes.length === 1 && firstChild.localName === "a";
      paragraph.classList.toggle("is-button", isLink && firstChild.textContent !== firstChild.getAttribute("href"));
      if (paragraph.lastElementChild?.matches("[data-variable]:last-child")) paragraph.append(placeAfterChip());
    }
    for (const kind of BEGINS) still.addEventListener(kind, () => this.ready());
    still.addEventListener("focus", () => { latest = this; });
    still.addEventListener("keydown", (event) => {
      if (this.isLine && event.key === "Enter") event.preventDefault();
    });
    still.addEventListener("paste", (event) => this.pasteLater(event));
    still.addEventListener("input", () => {
      this.field.value = this.isLine ? lineOf(still) : withoutChips(still.innerHTML);
    });
    return still;
  }

  pasteLater(event) {
    event.preventDefault();
    const html = event.clipboardData.getData("text/html");
    const text = event.clipboardData.getData("text/plain");
    this.ready().then((editor) => (html ? editor.view.pasteHTML(html) : editor.view.pasteText(text)));
  }

  /** The editor, loaded once; it has taken over what was written meanwhile. */
  ready() {
    this.loading ??= this.takeOver().catch((error) => {
      this.loading = null;
      throw error;
    });
    return this.loading;
  }

  async takeOver() {
    const [making, library] = await Promise.all([import("./editor.js"), import(this.source)]);
    const { still } = this;
    const isFocused = document.activeElement === still;
    if (isFocused) mark(still);
    const content = { text: lineOf(still), html: withoutChips(still.innerHTML) };
    still.remove();
    this.editor = making.makeEditor(library, {
      element: this.element,
      isLine: this.isLine,
      known: this.known,
      content,
      attributes: this.attributes,
      onFocus: () => { latest = this; },
      write: (text) => {
        this.field.value = text;
        this.field.dispatchEvent(new Event("input", { bubbles: true }));
      },
    });
    if (isFocused) {
      making.selectMarked(this.editor, MARKS);
      this.editor.view.focus();
    }
    this.element.dataset.ready = "";
    this.element.dispatchEvent(new CustomEvent("ready"));
    return this.editor;
  }
}

/** Behind a chip that ends a paragraph no browser takes text, except before a line break. */
function placeAfterChip() {
  const place = document.createElement("br");
  place.dataset.place = "";
  return place;
}

function mark(still) {
  const range = getSelection().rangeCount ? getSelection().getRangeAt(0) : null;
  if (!range || !still.contains(range.commonAncestorContainer)) return;
  const end = range.cloneRange();
  end.collapse(false);
  end.insertNode(document.createTextNode(MARKS[1]));
  range.insertNode(document.createTextNode(MARKS[0]));
}

const BUTTONS = [
  ["B", "Bold", (chain) => chain.toggleBold(), "bold"],
  ["I", "Italic", (chain) => chain.toggleItalic(), "italic"],
  ["•", "Bulleted list", (chain) => chain.toggleBulletList(), "bulletList"],
  ["1.", "1. Numbered list", (chain) => chain.toggleOrderedList(), "orderedList"],
  ["H", "Heading", (chain) => chain.toggleHeading({ level: 2 }), "heading"],
];

function pressable(text, label, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.ariaLabel = label;
  button.title = label;
  button.addEventListener("click", act);
  return button;
}

function toolbar(box) {
  const bar = document.createElement("div");
  bar.className = "editor-bar";
  bar.role = "toolbar";
  bar.ariaLabel = "Formatting";
  const panel = linkPanel(box);
  const pressed = BUTTONS.map(([text, label, act, name]) => {
    const button = pressable(text, label, async () => act((await box.ready()).chain().focus()).run());
    bar.append(button);
    return [button, name];
  });
  const link = pressable("Link", "Link", () => panel.toggle());
  bar.append(link, pressable("↶", "Undo", async () => (await box.ready()).chain().focus().undo().run()));
  const all = [...pressed, [link, "link"]];
  const reflect = () => {
    for (const [button, name] of all) button.ariaPressed = String(box.editor?.isActive(name) ?? false);
  };
  box.element.addEventListener("ready", () => {
    box.editor.on("transaction", reflect);
    reflect();
  });
  reflect();
  return [bar, panel.element];
}

function linkPanel(box) {
  const element = document.createElement("div");
  element.className = "editor-link";
  element.hidden = true;
  const address = document.createElement("input");
  address.ariaLabel = "Link address";
  address.placeholder = "https://… or {{ dashboard_link }}";
  const close = () => {
    element.hidden = true;
    box.editor.commands.focus();
  };
  const apply = () => {
    const { editor } = box;
    const href = address.value.trim();
    const chain = editor.chain().focus().extendMarkRange("link");
    if (!href) chain.unsetLink().run();
    else if (editor.state.selection.empty && !editor.isActive("link")) {
      chain.insertContent({ type: "text", text: href, marks: [{ type: "link", attrs: { href } }] }).run();
    } else chain.setLink({ href }).run();
    close();
  };
  address.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") apply();
    else close();
  });
  const buttons = ["Set link", "Remove link"].map((label) => pressable(label, label, () => {
    if (label === "Remove link") address.value = "";
    apply();
  }));
  for (const button of buttons) button.className = "button button-secondary";
  element.append(address, ...buttons);
  const toggle = async () => {
    const editor = await box.ready();
    element.hidden = !element.hidden;
    if (element.hidden) return;
    address.value = editor.getAttributes("link").href ?? "";
    address.focus();
  };
  return { element, toggle };
}

function start(root) {
  root.dataset.composing = "";
  const known = new Set([...root.querySelectorAll("[data-insert]")].map((chip) => chip.dataset.insert));
  const given = { source: root.dataset.editorSource, known };
  const boxes = [...root.querySelectorAll("[data-editor]")].map((field) => new Box(field, given));
  latest = boxes.at(-1);
  for (const chip of root.querySelectorAll("[data-insert]")) {
    chip.addEventListener("mousedown", (event) => event.preventDefault());
    chip.addEventListener("click", async () => {
      const editor = await latest.ready();
      editor.chain().focus().insertContent({ type: "variable", attrs: { name: chip.dataset.insert, fallback: "" } }).run();
    });
  }
}

function startAll() {
  for (const root of document.querySelectorAll("[data-compose]:not([data-composing])")) start(root);
}

document.addEventListener("htmx:afterSettle", startAll);
startAll();
