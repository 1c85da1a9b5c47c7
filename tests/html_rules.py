"""What the HTML standard forbids and a browser mends in silence, each in its own way.

The rules are content models, identifiers and end tags of https://html.spec.whatwg.org, as far as
our templates can break them. One rule more is that of WCAG 2.2, 2.5.3: a name that is given to a
control contains the text that one sees on it, since that is what people say to use it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOID = _names("area base br col embed hr img input link meta source track wbr")
END_MAY_BE_LEFT_OUT = _names("li dt dd p tr td th thead tbody tfoot option")
HEADINGS = _names("h1 h2 h3 h4 h5 h6")
FLOW = HEADINGS | _names(
    "address article aside blockquote details dialog div dl fieldset figure footer form header hr"
    " main nav ol p pre section table ul"
)
HOLD_PHRASES = HEADINGS | _names(
    "abbr b bdi bdo button cite code dfn em i kbd label legend mark output p q s samp small span"
    " strong sub summary sup time u var"
)
INTERACTIVE = _names("a button details input label select textarea")
CHILDREN = {
    "ul": {"li"},
    "ol": {"li"},
    "dl": {"dt", "dd", "div"},
    "select": {"option", "optgroup", "hr"},
    "table": {"caption", "colgroup", "thead", "tbody", "tfoot", "tr"},
    "thead": {"tr"},
    "tbody": {"tr"},
    "tr": {"td", "th"},
}
ONLY_IN = {
    "li": {"ul", "ol", "menu"},
    "tr": {"table", "thead", "tbody", "tfoot"},
    "td": {"tr"},
    "th": {"tr"},
    "dt": {"dl", "div"},
    "dd": {"dl", "div"},
    "option": {"select", "optgroup", "datalist"},
    "summary": {"details"},
    "legend": {"fieldset"},
    "figcaption": {"figure"},
}
ANYWHERE = {"script", "template"}
WORD = re.compile(r"\w+")
CONTROLS = _names("a button summary")
UNSEEN = _names("svg template script style")
REFERRING = ("for", "aria-labelledby", "aria-describedby", "aria-errormessage", "list", "form")


@dataclass
class _Control:
    """A control that was given a name: at which depth it is open, and the text seen on it."""

    depth: int
    name: str
    seen: list[str] = field(default_factory=list)

    def fault(self) -> str:
        said, text = _words(self.name), _words(" ".join(self.seen))
        if not text.strip() or text in said:
            return ""
        return f"is named {self.name!r} and says {text.strip()!r}"


def _words(text: str) -> str:
    """The words alone, between spaces, so that one is found in another as a whole."""
    return f" {' '.join(WORD.findall(text.casefold()))} "


class _Checker(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.control: _Control | None = None
        self.unseen = 0  # the depth of what is not seen; 0 while everything is
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: Counter[str] = Counter()
        self.referred: set[tuple[str, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if "svg" in self.open:
            self._note_ids(tag, attrs)
            if tag not in VOID:
                self.open.append(tag)
            return
        while self._ends_before(tag):
            self.open.pop()
        self._check(tag, dict(attrs))
        self._note_ids(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)
            self._begin(tag, dict(attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note_ids(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag and self.open[-1] in END_MAY_BE_LEFT_OUT:
            self.open.pop()
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> ends nothing in {self._place()}")
            return
        if self.control and len(self.open) == self.control.depth:
            if fault := self.control.fault():
                self.faults.append(f"<{tag}> {fault}")
            self.control = None
        if len(self.open) == self.unseen:
            self.unseen = 0
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.control and not self.unseen:
            self.control.seen.append(data)

    def _begin(self, tag: str, attributes: dict[str, str | None]) -> None:
        """Note a control that was given a name, and a part that nobody sees."""
        if tag in CONTROLS and attributes.get("aria-label"):
            self.control = _Control(len(self.open), attributes["aria-label"] or "")
        classes = (attributes.get("class") or "").split()
        is_unseen = tag in UNSEEN or "visually-hidden" in classes
        is_unseen = is_unseen or "hidden" in attributes or attributes.get("aria-hidden") == "true"
        if is_unseen and not self.unseen:
            self.unseen = len(self.open)

    def _ends_before(self, tag: str) -> bool:
        """Whether the open element ends here without an end tag."""
        last = self.open[-1] if self.open else ""
        return (last, tag) in {("li", "li"), ("option", "option"), ("tr", "tr"), ("td", "td")}

    def _check(self, tag: str, attributes: dict[str, str | None]) -> None:
        parent = self.open[-1] if self.open else ""
        if tag in FLOW:
            holder = next((one for one in self.open if one in HOLD_PHRASES), None)
            if holder and not (tag in HEADINGS and holder == "summary"):
                self.faults.append(f"<{tag}> within <{holder}>")
        if tag in INTERACTIVE and (attributes.get("type") != "hidden"):
            for holder in ("a", "button"):
                if holder in self.open:
                    self.faults.append(f"<{tag}> within <{holder}>")
        if tag in {"form", "label"} and tag in self.open:
            self.faults.append(f"<{tag}> within <{tag}>")
        if parent in CHILDREN and tag not in CHILDREN[parent] | ANYWHERE:
            self.faults.append(f"<{tag}> is a child of <{parent}>")
        if tag in ONLY_IN and parent not in ONLY_IN[tag] | {"template", ""}:
            self.faults.append(f"<{tag}> is a child of <{parent}>")
        self._check_attributes(tag, attributes)

    def _check_attributes(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag == "img" and "alt" not in attributes:
            self.faults.append("<img> without alt")
        if tag == "pre" and "aria-label" in attributes and "role" not in attributes:
            self.faults.append("<pre> has a name and no role")
        if attributes.get("type") == "color" and "maxlength" in attributes:
            self.faults.append("<input type=color> with maxlength")

    def _note_ids(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, times in Counter(name for name, _ in attrs).items():
            if times > 1:
                self.faults.append(f"<{tag}> has {name} twice")
            if name.startswith("hx-"):  # htmx reads data-hx- too, which the standard allows
                self.faults.append(f"<{tag}> has {name}, which is no attribute of HTML")
        for name, value in attrs:
            if name == "id" and "template" not in self.open:
                self.ids[value or ""] += 1
            if name in REFERRING:
                self.referred |= {(name, one) for one in (value or "").split()}

    def _place(self) -> str:
        return " ".join(self.open[-4:])

    def close(self) -> None:
        super().close()
        self.faults += [f"id {one!r} {times} times" for one, times in self.ids.items() if times > 1]
        self.faults += [
            f"{name} names {one!r}, which is not there"
            for name, one in sorted(self.referred)
            if one not in self.ids
        ]
        still = [tag for tag in self.open if tag not in END_MAY_BE_LEFT_OUT]
        self.faults += [f"<{tag}> does not end" for tag in still]


def faults_of_html(html: str) -> list[str]:
    """What is wrong with a page or a part of one, in the order in which it stands."""
    checker = _Checker()
    checker.feed(html)
    checker.close()
    return checker.faults
