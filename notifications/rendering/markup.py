"""Sanitise a template's HTML and write it out twice: as mail HTML and as plain text.

Both outputs keep their variables and mark what can be left out: a group (OPEN … CLOSE) holds lines
that NEXT separates. A line is left out when a variable in it does not apply, or when every group
in it is left out; a group is left out when all its lines are. So a paragraph or a list item whose
only line is left out disappears completely, and `fill` can decide it without parsing HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

import nh3

from notifications.rendering.variables import (
    VARIABLES,
    TemplateError,
    canonical,
    link_variable,
    printable,
)

MAX_DEPTH = 60  # of elements within one another; nobody writes so many, and each is a call below
OPEN, CLOSE, NEXT = "\ue000", "\ue001", "\ue002"

TABLE, ROW = "table", "tr"
CELLS = frozenset({"td", "th"})
CONTAINERS = frozenset({"p", "h1", "h2", "h3", "ul", "ol", "li", "blockquote", TABLE, ROW, *CELLS})
INLINE = frozenset({"a", "b", "strong", "i", "em", "u", "s", "code"})
BREAK, RULE = "br", "hr"
BAR = "data-bar"
SCHEMES = {"http", "https", "mailto"}
_LINKS = re.compile(
    r"\{\{ (" + "|".join(v.name for v in VARIABLES.values() if v.is_link) + r") \}\}"
)
_BAR_WIDTH = re.compile(r"[1-9]\d?|100")  # percent
_SPACE = re.compile(r"[ \t\r\n\f]+")
_BLANK_LINES = re.compile(r"\n\s*\n")
_LOOKS_LIKE_HTML = re.compile(r"<\s*/?\s*[a-zA-Z!]")


@dataclass
class Element:
    """One node of the sanitised template."""

    tag: str
    href: str = ""
    bar: str = ""  # of a cell: "60" draws a bar over 60 % of it
    children: list[Element | str] = field(default_factory=list)


def sanitise(source: str) -> str:
    """The part of `source` that is allowed in a mail. Text without any tag becomes paragraphs."""
    text = printable(source)
    if not _LOOKS_LIKE_HTML.search(text):
        text = html_of_text(text)
    return nh3.clean(
        text,
        tags={*CONTAINERS, *INLINE, BREAK, RULE},
        attributes={"a": {"href"}, "td": {BAR}},
        url_schemes=SCHEMES,
        url_relative=lambda address: address if "{{" in address else None,
        link_rel=None,
    )


def html_of_text(text: str) -> str:
    """Plain text as paragraphs, which blank lines part. Nothing in it is a tag."""
    lines = "\n".join(escape(text.strip(), quote=False).splitlines())
    blocks = _BLANK_LINES.split(lines)
    return "".join(f"<p>{block.replace(chr(10), '<br>')}</p>" for block in blocks)


def parse(clean: str) -> list[Element | str]:
    """The tree of HTML that `sanitise` returned. Raises TemplateError where it is too deep."""
    reader = _Reader()
    reader.feed(clean)
    reader.close()
    return reader.root.children


def as_html(nodes: Iterable[Element | str]) -> str:
    """Mail HTML with variables and marks. Raises TemplateError."""
    return "".join(_html_blocks(nodes, outermost=True))


def as_text(nodes: Iterable[Element | str]) -> str:
    """Plain text with variables and marks. Raises TemplateError."""
    return "".join(_text_blocks(nodes, indent="", bullet="")).rstrip("\n")


def first_words(nodes: Sequence[Element | str]) -> str:
    """What inboxes show beside the subject: the first paragraph after the greeting, with its marks.

    Empty when there is no second paragraph.
    """
    paragraphs = [one for one in nodes if isinstance(one, Element) and one.tag == "p"]
    lines = _lines_of(paragraphs[1].children) if len(paragraphs) > 1 else []
    written = NEXT.join(escape(_text_inline(line), quote=False) for line in lines)
    return f"{OPEN}{written}{CLOSE}" if written else ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        element = Element(tag, values.get("href") or "", values.get(BAR) or "")
        self.open[-1].children.append(element)
        if tag not in {BREAK, RULE}:
            self.open.append(element)
            if len(self.open) > MAX_DEPTH:
                raise TemplateError(
                    "The message has too many lists, quotes or formats within one another."
                )

    def handle_endtag(self, tag: str) -> None:
        if len(self.open) > 1 and self.open[-1].tag == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        siblings = self.open[-1].children
        if siblings and isinstance(siblings[-1], str):
            siblings[-1] += data
        else:
            siblings.append(data)


def _runs(nodes: Iterable[Element | str]) -> Iterator[Element | list[list[Element | str]]]:
    """Blocks one by one, and between them each run of inline nodes as its lines."""
    run: list[list[Element | str]] = [[]]
    for node in nodes:
        if isinstance(node, Element) and node.tag in {*CONTAINERS, RULE}:
            yield from _filled(run)
            yield node
            run = [[]]
        elif isinstance(node, Element) and node.tag == BREAK:
            run.append([])
        else:
            run[-1].append(node)
    yield from _filled(run)


def _filled(run: list[list[Element | str]]) -> Iterator[list[list[Element | str]]]:
    """The run without empty lines at its start and end; nothing when all lines are empty."""
    while run and not _words(run[-1]):
        run.pop()
    while run and not _words(run[0]):
        run.pop(0)
    if run:
        yield run


def _words(nodes: Iterable[Element | str]) -> str:
    return "".join(
        node if isinstance(node, str) else _words(node.children) for node in nodes
    ).strip()


def _button(block: Element) -> Element | None:
    """The link that is alone in a paragraph and has another label than its address."""
    match _only_line(block):
        case [Element(tag="a", href=href) as link] if href:
            label = _words(link.children)
            bare = label == href or ("{{" in label and link_variable(href) is not None)
            return None if bare else link
    return None


def _code(block: Element) -> tuple[str, Element] | None:
    """The code that ends a paragraph of one line, and the words before it ("Your code:")."""
    match _only_line(block):
        case [Element(tag="code") as code]:
            return "", code
        case [str(label), Element(tag="code") as code]:
            return label.strip(), code
    return None


def _html_blocks(nodes: Iterable[Element | str], *, outermost: bool = False) -> Iterator[str]:
    for block in _runs(nodes):
        if isinstance(block, list):
            lines = f"{OPEN}{NEXT.join(_html_inline(line) for line in block)}{CLOSE}"
            yield f"{OPEN}<p>{lines}</p>{CLOSE}" if outermost else lines
        elif block.tag == RULE:
            yield "<hr>"
        elif block.tag == TABLE:
            yield _html_table(block)
        else:
            yield from _html_block(block)


def _html_table(block: Element) -> str:
    """A table of data. A row is a line: it is left out with a variable that does not apply."""
    rows = []
    for row in _rows(block):
        cells = "".join(_html_cell(cell) for cell in row)
        rows.append(f"{OPEN}<tr>{cells}</tr>{CLOSE}")
    return f'{OPEN}<table class="table">{"".join(rows)}</table>{CLOSE}' if rows else ""


def _html_cell(cell: Element) -> str:
    if _BAR_WIDTH.fullmatch(cell.bar):
        bar = '<table role="presentation" class="bar" width="{}%"><tr><td>&nbsp;</td></tr></table>'
        return f'<td class="bars">{bar.format(cell.bar)}</td>'
    inside = "<br>".join(_html_inline(line) for line in _lines_of(cell.children))
    return f"<{cell.tag}>{inside}</{cell.tag}>"


def _rows(block: Element) -> list[list[Element]]:
    """The cells of each row of a table; what is in a table within a cell is part of the cell."""
    found = []
    for row in block.children:
        if isinstance(row, Element) and row.tag == ROW:
            cells = [one for one in row.children if isinstance(one, Element) and one.tag in CELLS]
            if any(_words(cell.children) or cell.bar for cell in cells):
                found.append(cells)
    return found


def _lines_of(nodes: Iterable[Element | str]) -> list[list[Element | str]]:
    """The lines of inline nodes that blocks hold, however deep."""
    lines: list[list[Element | str]] = []
    for block in _runs(nodes):
        lines += block if isinstance(block, list) else _lines_of(block.children)
    return lines


def _html_block(block: Element) -> Iterator[str]:
    button, code = _button(block), _code(block)
    if button is not None:
        yield _cell_alone("button", _html_link(button))
        return
    if code is not None:
        label = f"{_html_inline([code[0]])}<br>" if code[0] else ""
        yield _cell_alone("code", label + _html_inline([code[1]]))
        return
    inside = "".join(_html_blocks(block.children))
    if inside:
        yield f"{OPEN}<{block.tag}>{inside}</{block.tag}>{CLOSE}"


def _cell_alone(kind: str, inside: str) -> str:
    """A button or a code: a cell, as mail clients pad and colour nothing else reliably."""
    cell = f"{OPEN}{inside}{CLOSE}"
    return (
        f'{OPEN}<table role="presentation" class="{kind}"><tr><td>{cell}</td></tr></table>{CLOSE}'
    )


def _only_line(block: Element) -> list[Element | str]:
    """The nodes of a paragraph of one line, without the space around them; else none."""
    runs = list(_runs(block.children)) if block.tag == "p" else []
    if len(runs) != 1 or not isinstance(runs[0], list) or len(runs[0]) != 1:
        return []
    return [node for node in runs[0][0] if not isinstance(node, str) or node.strip()]


def _html_inline(nodes: Iterable[Element | str], *, in_link: bool = False) -> str:
    pieces = []
    for node in nodes:
        if isinstance(node, str):
            text = escape(_SPACE.sub(" ", canonical(node)), quote=False)
            pieces.append(text if in_link else _LINKS.sub(r'<a href="\g<0>">\g<0></a>', text))
        elif node.tag == "a" and node.href and not in_link:
            pieces.append(_html_link(node))
        elif node.tag in INLINE - {"a"}:
            inside = _html_inline(node.children, in_link=in_link)
            pieces.append(f"<{node.tag}>{inside}</{node.tag}>" if inside else "")
        elif node.tag == BREAK:
            pieces.append("<br>")
        else:
            pieces.append(_html_inline(node.children, in_link=in_link))
    return "".join(pieces)


def _html_link(link: Element) -> str:
    return f'<a href="{_address(link)}">{_html_inline(link.children, in_link=True)}</a>'


def _address(link: Element) -> str:
    name = link_variable(link.href)
    return escape(link.href) if name is None else f"{{{{ {name} }}}}"


def _text_blocks(nodes: Iterable[Element | str], *, indent: str, bullet: str) -> Iterator[str]:
    """Each block with the space after it; `bullet` begins the first line."""
    end = "\n" if indent or bullet else "\n\n"
    for block in _runs(nodes):
        if isinstance(block, list):
            hanging = NEXT + indent + " " * len(bullet)
            lines = hanging.join(_text_inline(line) for line in block)
            yield f"{OPEN}{indent}{bullet}{lines}{CLOSE}{end}"
            indent, bullet = indent + " " * len(bullet), ""
        elif block.tag == RULE:
            yield f"{indent}---\n\n"
        elif block.tag in {"ul", "ol"}:
            yield _text_list(block, indent)
        elif block.tag == TABLE:
            yield _text_table(block, indent)
        else:
            deeper = f"{indent}> " if block.tag == "blockquote" else indent
            inside = "".join(_text_blocks(block.children, indent=deeper, bullet=bullet))
            yield f"{OPEN}{inside}{'' if deeper == indent else chr(10)}{CLOSE}" if inside else ""
            bullet = ""


def _text_list(block: Element, indent: str) -> str:
    items = [item for item in block.children if isinstance(item, Element)]
    written = []
    for number, item in enumerate(items, 1):
        bullet = f"{number}. " if block.tag == "ol" else "- "
        inside = "".join(_text_blocks(item.children, indent=indent, bullet=bullet))
        written.append(f"{OPEN}{inside}{CLOSE}" if inside else "")
    return f"{OPEN}{''.join(written)}{'' if indent else chr(10)}{CLOSE}" if any(written) else ""


def _text_table(block: Element, indent: str) -> str:
    rows = []
    for row in _rows(block):
        lines = [_lines_of(cell.children) for cell in row if not cell.bar]
        cells = (" ".join(_text_inline(line).strip() for line in cell) for cell in lines)
        rows.append(f"{OPEN}{indent}{' | '.join(cells)}\n{CLOSE}")
    return f"{OPEN}{''.join(rows)}\n{CLOSE}" if rows else ""


def _text_inline(nodes: Iterable[Element | str]) -> str:
    pieces = []
    for node in nodes:
        if isinstance(node, str):
            pieces.append(_SPACE.sub(" ", canonical(node)))
        elif node.tag == "a" and node.href:
            name = link_variable(node.href)
            address = node.href if name is None else f"{{{{ {name} }}}}"
            label = _text_inline(node.children).strip()
            pieces.append(address if label in {"", address} else f"{label}: {address}")
        elif node.tag == BREAK:
            pieces.append(" ")
        else:
            pieces.append(_text_inline(node.children))
    return "".join(pieces)
