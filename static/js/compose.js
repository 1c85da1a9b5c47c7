// The email drawer's editors. Each stands over the plain field that is posted, which works alone where script doesn't run.
// A variable is one chip that is typed as {{ name }} or {{ name | fallback }}, and read back as that text.
const VARIABLE = /\{\{\s*([a-z_]+)\s*(?:\|\s*([^{}|]*?)\s*)?\}\}/g;
const TYPED = /\{\{\s*([a-z_]+)\s*(?:\|\s*([^{}|]*?)\s*)?\}\}$/;
let latest = null;

function written({ name, fallback }) {
  return fallback ? `{{ ${name} | ${fallback} }}` : `{{ ${name} }}`;
}

/** HTML or text as it is posted → HTML with a span for each variable, outside of addresses. */
function withChips(source, isText) {
  const holder = new DOMParser().parseFromString(isText ? "<p></p>" : source, "text/html");
  if (isText) holder.querySelector("p").textContent = source;
  const walker = holder.createTreeWalker(holder.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    const pieces = [];
    let end = 0;
    for (const match of text.data.matchAll(VARIABLE)) {
      const chip = holder.createElement("span");
      chip.dataset.variable = match[1];
      chip.dataset.fallback = match[2] ?? "";
      pieces.push(text.data.slice(end, match.index), chip);
      end = match.index + match[0].length;
    }
    if (pieces.length) text.replaceWith(...pieces, text.data.slice(end));
  }
  return holder.body.innerHTML;
}

/** The editor's HTML → HTML as it is posted. */
function withoutChips(html) {
  const holder = new DOMParser().parseFromString(html, "text/html");
  for (const chip of holder.querySelectorAll("span[data-variable]")) {
    chip.replaceWith(written({ name: chip.dataset.variable, fallback: chip.dataset.fallback }));
  }
  return holder.body.innerHTML;
}

function variableNode({ Node, InputRule }, known) {
  return Node.create({
    name: "variable",
    group: "inline",
    inline: true,
    atom: true,
    addAttributes: () => ({
      name: { default: "", parseHTML: (element) => element.dataset.variable },
      fallback: { default: "", parseHTML: (element) => element.dataset.fallback ?? "" },
    }),
    parseHTML: () => [{ tag: "span[data-variable]" }],
    renderHTML: ({ node }) => {
      const { name, fallback } = node.attrs;
      const kind = known.has(name) ? "chip" : "chip chip-unknown";
      const words = fallback ? `${name} | ${fallback}` : name;
      return ["span", { class: kind, "data-variable": name, "data-fallback": fallback }, words];
    },
    renderText: ({ node }) => written(node.attrs),
    addInputRules() {
      const handler = ({ state, range, match }) => {
        const chip = this.type.create({ name: match[1], fallback: match[2] ?? "" });
        state.tr.replaceWith(range.from, range.to, chip);
      };
      return [new InputRule({ find: TYPED, handler })];
    },
  });
}

/** Shows a paragraph that is only a link as the button that it becomes. */
function buttonLook({ Extension, Plugin, pm }) {
  const { Decoration, DecorationSet } = pm.view;
  const isButton = (node) => {
    if (node.type.name !== "paragraph" || node.childCount !== 1) return false;
    const link = node.firstChild.marks.find((mark) => mark.type.name === "link");
    return Boolean(link) && node.firstChild.isText && node.textContent !== link.attrs.href;
  };
  const decorations = (state) => {
    const found = [];
    state.doc.descendants((node, position) => {
      if (isButton(node)) found.push(Decoration.node(position, position + node.nodeSize, { class: "is-button" }));
    });
    return DecorationSet.create(state.doc, found);
  };
  return Extension.create({ name: "buttonLook", addProseMirrorPlugins: () => [new Plugin({ props: { decorations } })] });
}

const MARKS = [
  ["B", "Bold", (chain) => chain.toggleBold(), "bold"],
  ["I", "Italic", (chain) => chain.toggleItalic(), "italic"],
  ["•", "Bulleted list", (chain) => chain.toggleBulletList(), "bulletList"],
  ["1.", "Numbered list", (chain) => chain.toggleOrderedList(), "orderedList"],
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

function toolbar(editor) {
  const bar = document.createElement("div");
  bar.className = "editor-bar";
  bar.role = "toolbar";
  bar.ariaLabel = "Formatting";
  const panel = linkPanel(editor);
  const pressed = MARKS.map(([text, label, act, name]) => {
    const button = pressable(text, label, () => act(editor.chain().focus()).run());
    bar.append(button);
    return [button, name];
  });
  const link = pressable("Link", "Link", () => panel.toggle());
  bar.append(link, pressable("↶", "Undo", () => editor.chain().focus().undo().run()));
  const reflect = () => {
    for (const [button, name] of [...pressed, [link, "link"]]) button.ariaPressed = String(editor.isActive(name));
  };
  editor.on("transaction", reflect);
  reflect();
  return [bar, panel.element];
}

function linkPanel(editor) {
  const element = document.createElement("div");
  element.className = "editor-link";
  element.hidden = true;
  const address = document.createElement("input");
  address.ariaLabel = "Link address";
  address.placeholder = "https://… or {{ dashboard_link }}";
  const close = () => {
    element.hidden = true;
    editor.commands.focus();
  };
  const apply = () => {
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
  const toggle = () => {
    element.hidden = !element.hidden;
    if (element.hidden) return;
    address.value = editor.getAttributes("link").href ?? "";
    address.focus();
  };
  return { element, toggle };
}

function extensionsFor(library, isLine, known) {
  const { Document, Paragraph, Text } = library;
  const variable = variableNode(library, known);
  if (isLine) return [Document.extend({ content: "paragraph" }), Paragraph, Text, variable, library.UndoRedo];
  const { Blockquote, Bold, BulletList, HardBreak, Heading, HorizontalRule, Italic, Link, ListItem, OrderedList, Strike, Underline } = library;
  const link = Link.configure({ openOnClick: false, enableTarget: false, autolink: false, isAllowedUri: () => true });
  return [
    Document, Paragraph, Text, variable, library.UndoRedo, Blockquote, Bold, BulletList, HardBreak,
    Heading.configure({ levels: [1, 2, 3] }), HorizontalRule, Italic, link, ListItem, OrderedList, Strike, Underline,
    buttonLook(library),
  ];
}

function edit(field, library, known) {
  const isLine = field.dataset.editor === "line";
  const box = document.createElement("div");
  box.className = `editor editor-${field.dataset.editor}`;
  field.before(box);
  box.append(field);
  const label = field.labels?.[0];
  if (label && !label.id) label.id = `${field.id}-label`;
  const editor = new library.Editor({
    element: box,
    injectCSS: false,
    extensions: extensionsFor(library, isLine, known),
    content: withChips(field.value, isLine),
    editorProps: {
      attributes: {
        role: "textbox",
        "aria-multiline": String(!isLine),
        "aria-labelledby": label?.id ?? "",
        "aria-describedby": field.getAttribute("aria-describedby") ?? "",
        "aria-invalid": field.getAttribute("aria-invalid") ?? "false",
      },
      handleKeyDown: (view, event) => isLine && event.key === "Enter",
      transformPastedText: (text) => (isLine ? text.replace(/\s+/g, " ") : text),
    },
    onUpdate: () => {
      field.value = isLine ? editor.getText() : withoutChips(editor.getHTML());
      field.dispatchEvent(new Event("input", { bubbles: true }));
    },
    onFocus: () => { latest = editor; },
  });
  label?.addEventListener("click", () => editor.commands.focus());
  field.required = false;
  if (!isLine) box.prepend(...toolbar(editor));
  return editor;
}

async function start(root) {
  root.dataset.composing = "";
  const library = await import(root.dataset.editorSource);
  const known = new Set([...root.querySelectorAll("[data-insert]")].map((chip) => chip.dataset.insert));
  const editors = [...root.querySelectorAll("[data-editor]")].map((field) => edit(field, library, known));
  latest = editors.at(-1);
  for (const chip of root.querySelectorAll("[data-insert]")) {
    chip.addEventListener("mousedown", (event) => event.preventDefault());
    chip.addEventListener("click", () => {
      latest.chain().focus().insertContent({ type: "variable", attrs: { name: chip.dataset.insert, fallback: "" } }).run();
    });
  }
}

function startAll() {
  for (const root of document.querySelectorAll("[data-compose]:not([data-composing])")) start(root);
}

document.addEventListener("htmx:afterSettle", startAll);
startAll();
