"""What the HTML standard forbids and a browser mends in silence, each in its own way.

The rules are content models, identifiers and end tags of https://html.spec.whatwg.org, as far as
our templates can break them.
"""

from __future__ import annotations

from collections import Counter
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
REFERRING = ("for", "aria-labelledby", "aria-describedby", "aria-errormessage", "list", "form")


class _Checker(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
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

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note_ids(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag and self.open[-1] in END_MAY_BE_LEFT_OUT:
            self.open.pop()
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> ends nothing in {self._place()}")
            return
        self.open.pop()

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
        if tag == "img" and "alt" not in attributes:
            self.faults.append("<img> without alt")

    def _note_ids(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, times in Counter(name for name, _ in attrs).items():
            if times > 1:
                self.faults.append(f"<{tag}> has {name} twice")
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
