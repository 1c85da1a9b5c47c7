// The editor of a mail's text, made of the library that compose.js has loaded.
import { TYPED, chipOf, withChips, withoutChips, written } from "./chips.js";
import { withoutStyles } from "./pasted.js";

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
      const { look, words } = chipOf(node.attrs, known);
      return ["span", { class: look, "data-variable": name, "data-fallback": fallback }, words];
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

/** A table as it was pasted. The library's own writes widths as inline styles, which no page of ours may have. */
function tableNodes({ Table, TableCell, TableHeader, TableRow }) {
  const plain = (tag) => ({ addAttributes: () => ({ colspan: { default: 1 }, rowspan: { default: 1 } }), renderHTML: () => [tag, 0] });
  return [
    Table.extend({ addNodeView: () => null, renderHTML: () => ["table", ["tbody", 0]] }),
    TableRow, TableCell.extend(plain("td")), TableHeader.extend(plain("th")),
  ];
}

function extensionsFor(library, isLine, known) {
  const { Document, Paragraph, Text } = library;
  const variable = variableNode(library, known);
  if (isLine) return [Document.extend({ content: "paragraph" }), Paragraph, Text, variable, library.UndoRedo];
  const {
    Blockquote, Bold, BulletList, Code, HardBreak, Heading, HorizontalRule, Italic, Link, ListItem, OrderedList, Strike, Underline,
  } = library;
  const link = Link.configure({ openOnClick: false, enableTarget: false, autolink: false, isAllowedUri: () => true });
  return [
    Document, Paragraph, Text, variable, library.UndoRedo, Blockquote, Bold, BulletList, HardBreak,
    ...(Code ? [Code] : []), Heading.configure({ levels: [1, 2, 3] }), HorizontalRule, Italic, link, ListItem, OrderedList,
    Strike, Underline, ...tableNodes(library), buttonLook(library),
  ];
}

/** Make the editor in `element`; `content` is HTML with chips, and `write` gets each new text as it is posted. */
export function makeEditor(library, { element, isLine, known, content, attributes, write, onFocus }) {
  const editor = new library.Editor({
    element,
    injectCSS: false,
    extensions: extensionsFor(library, isLine, known),
    content: withChips(isLine ? content.text : content.html, { isLine, known }),
    editorProps: {
      attributes,
      handleKeyDown: (view, event) => isLine && event.key === "Enter",
      transformPastedText: (text) => (isLine ? text.replace(/\s+/g, " ") : text),
      transformPastedHTML: withoutStyles,
    },
    onUpdate: () => write(isLine ? editor.getText() : withoutChips(editor.getHTML())),
    onFocus,
  });
  return editor;
}

/** Select what stands between the two marks in the text, without the marks. */
export function selectMarked(editor, [start, end]) {
  const found = {};
  editor.state.doc.descendants((node, position) => {
    for (const mark of [start, end]) {
      const at = node.isText ? node.text.indexOf(mark) : -1;
      if (at >= 0) found[mark] = position + at;
    }
  });
  if (found[start] === undefined || found[end] === undefined) return;
  const { tr } = editor.state;
  tr.delete(found[end], found[end] + 1).delete(found[start], found[start] + 1).setMeta("addToHistory", false).setMeta("preventUpdate", true);
  editor.view.dispatch(tr);
  editor.commands.setTextSelection({ from: found[start], to: found[end] - 1 });
}
