"""Put one person's values into a prepared mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape

from notifications.rendering.markup import CLOSE, NEXT, OPEN
from notifications.rendering.prepare import Prepared
from notifications.rendering.variables import UNSUBSCRIBE_LINK, VARIABLES, Values

_NAMES = "|".join([*VARIABLES, UNSUBSCRIBE_LINK])
_TOKENS = re.compile(rf"([{OPEN}{CLOSE}{NEXT}])|\{{\{{ ({_NAMES})(?: \| ([^{{}}]*?))? \}}\}}")
_BLANK_LINES = re.compile(r"\n{3,}")
_LINK_NAMES = frozenset({UNSUBSCRIBE_LINK, *(v.name for v in VARIABLES.values() if v.is_link)})


class MissingValueError(ValueError):
    """A recipient lacks a value the mail needs; `variables` names them."""

    def __init__(self, variables: tuple[str, ...]) -> None:
        super().__init__(f"no value for {', '.join(variables)}")
        self.variables = variables


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail, ready to go."""

    subject: str
    html: str
    text: str


def render(prepared: Prepared, *, values: Values, unsubscribe_link: str) -> Rendered:
    """The mail for one person; the same arguments give the same bytes. Raises MissingValueError."""
    given = {**values, UNSUBSCRIBE_LINK: unsubscribe_link}
    missing: dict[str, None] = {}
    subject = _fill(prepared.subject, given, missing, _in_subject, "")
    html = _fill(prepared.html, given, missing, _in_html, "<br>")
    text = _fill(prepared.text, given, missing, _in_text, "\n")
    if missing:
        raise MissingValueError(tuple(missing))
    return Rendered(" ".join(subject.split()), html, _BLANK_LINES.sub("\n\n", text))


def missing_values(prepared: Prepared, *, values: Values) -> tuple[str, ...]:
    """What `render` would raise MissingValueError for; empty when this person can have the mail.

    Cheap for many people: only which values are there matters, and few patterns occur.
    """
    pattern = tuple(_presence(name, values.get(name, "")) for name in VARIABLES)
    return _missing_in(prepared, pattern)


def _presence(name: str, value: str | None) -> bool | None:
    return None if value is None else _is_usable(name, value)


@lru_cache(maxsize=1024)
def _missing_in(prepared: Prepared, pattern: tuple[bool | None, ...]) -> tuple[str, ...]:
    example: dict[str, str | None] = {
        name: None if there is None else "https://example" * there
        for name, there in zip(VARIABLES, pattern, strict=True)
    }
    try:
        render(prepared, values=example, unsubscribe_link="https://example")
    except MissingValueError as error:
        return error.variables
    return ()


@dataclass(slots=True)
class _Slot:
    name: str
    fallback: str | None


@dataclass(slots=True)
class _Group:
    lines: list[_Line] = field(default_factory=list)


@dataclass(slots=True)
class _Line:
    """`needed` are the variables in it, outside of the groups within it."""

    parts: list[str | _Slot | _Group] = field(default_factory=list)
    needed: list[_Slot] = field(default_factory=list)


@lru_cache(maxsize=64)
def _compiled(marked: str) -> _Line:
    whole = _Line()
    _read(_tokens(marked), whole, None)
    return whole


def _tokens(marked: str) -> Iterator[str | _Slot]:
    end = 0
    for match in _TOKENS.finditer(marked):
        if match.start() > end:
            yield marked[end : match.start()]
        yield match[1] or _Slot(match[2], match[3])
        end = match.end()
    yield marked[end:]


def _read(tokens: Iterator[str | _Slot], line: _Line, group: _Group | None) -> None:
    for token in tokens:
        if isinstance(token, _Slot):
            line.parts.append(token)
            line.needed.append(token)
        elif token == OPEN:
            inner = _Group([_Line()])
            line.parts.append(inner)
            _read(tokens, inner.lines[0], inner)
        elif token == CLOSE:
            return
        elif token == NEXT and group is not None:
            line = _Line()
            group.lines.append(line)
        else:
            line.parts.append(token)


def _fill(
    marked: str,
    values: Values,
    missing: dict[str, None],
    write: Callable[[str], str],
    between: str,
) -> str:
    """The text with `values` in; names what is missing from it in `missing`."""

    def line_of(line: _Line) -> str | None:
        if any(values.get(slot.name, "") is None for slot in line.needed):
            return None
        written: list[str] = []
        groups = kept = 0
        for part in line.parts:
            if isinstance(part, str):
                written.append(part)
            elif isinstance(part, _Slot):
                written.append(value_of(part))
            else:
                groups += 1
                inside = [text for inner in part.lines if (text := line_of(inner)) is not None]
                kept += bool(inside)
                written.append(between.join(inside))
        return "".join(written) if kept or not groups else None

    def value_of(slot: _Slot) -> str:
        value = values.get(slot.name) or ""
        if _is_usable(slot.name, value):
            return write(value)
        if slot.fallback is None:
            missing[slot.name] = None
            return ""
        return slot.fallback

    template = _compiled(marked)
    whole = line_of(template)
    if whole is None:  # nothing would be left of the mail
        inapplicable = (slot.name for slot in _slots(template) if values.get(slot.name) is None)
        missing.update(dict.fromkeys(inapplicable))
    return whole or ""


def _slots(line: _Line) -> Iterator[_Slot]:
    yield from line.needed
    for part in line.parts:
        if isinstance(part, _Group):
            for inner in part.lines:
                yield from _slots(inner)


def _is_usable(name: str, value: str) -> bool:
    if name in _LINK_NAMES:
        return value.startswith(("https://", "http://"))
    return bool(value.strip())


def _in_html(value: str) -> str:
    return escape(" ".join(value.split()))


def _in_subject(value: str) -> str:
    return " ".join(value.split())


def _in_text(value: str) -> str:
    return value
