"""Fill one person's values into a prepared mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape

from core.text import one_line
from notifications.rendering.markup import CLOSE, NEXT, OPEN
from notifications.rendering.prepare import Prepared
from notifications.rendering.variables import UNSUBSCRIBE_LINK, VARIABLES, Values

_NAMES = "|".join([*VARIABLES, UNSUBSCRIBE_LINK])
_TOKENS = re.compile(rf"([{OPEN}{CLOSE}{NEXT}])|\{{\{{ ({_NAMES})(?: \| ([^{{}}]*?))? \}}\}}")
_BLANK_LINES = re.compile(r"\n{3,}")
_ALL_NAMES = (*VARIABLES, UNSUBSCRIBE_LINK)
_LINK_NAMES = frozenset({UNSUBSCRIBE_LINK, *(v.name for v in VARIABLES.values() if v.is_link)})


class MissingValueError(ValueError):
    """A recipient lacks a value the mail needs; `variables` names them."""

    def __init__(self, variables: tuple[str, ...]) -> None:
        super().__init__(f"no value for {', '.join(variables)}")
        self.variables = variables


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail, ready to be sent."""

    subject: str
    html: str
    text: str


def render(prepared: Prepared, *, values: Values, unsubscribe_link: str) -> Rendered:
    """The mail for one person; the same arguments give the same bytes. Raises MissingValueError."""
    given = {**values, UNSUBSCRIBE_LINK: unsubscribe_link}
    pattern = _pattern(given, _ALL_NAMES)
    missing: dict[str, None] = {}
    subject = _fill(_plan(prepared.subject, pattern, ""), given, missing, one_line)
    html = _fill(_plan(prepared.html, pattern, "<br>"), given, missing, _in_html)
    text = _fill(_plan(prepared.text, pattern, "\n"), given, missing, one_line)
    if missing:
        raise MissingValueError(tuple(missing))
    return Rendered(one_line(subject), html, _BLANK_LINES.sub("\n\n", text))


def missing_values(prepared: Prepared, *, values: Values) -> tuple[str, ...]:
    """The values that `render` would miss; empty when this person can get the mail.

    Cheap for many people: only which values are present matters, and few combinations occur.
    """
    return _missing_in(prepared, _pattern(values, VARIABLES))


def _pattern(values: Values, names: Iterable[str]) -> tuple[bool | None, ...]:
    """For each name: its value does not apply (None), is missing (False) or is present (True)."""
    return tuple([_presence(name, values.get(name, "")) for name in names])


def _presence(name: str, value: str | None) -> bool | None:
    if not value:
        return None if value is None else False
    if name in _LINK_NAMES:
        return value.startswith(("https://", "http://"))
    return not value.isspace()


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


@dataclass(frozen=True, slots=True)
class _Plan:
    """A text for all recipients with the same values present: its parts, in order."""

    parts: tuple[str | _Slot, ...]
    missing: tuple[str, ...]


def _fill(
    plan: _Plan, values: Values, missing: dict[str, None], write: Callable[[str], str]
) -> str:
    """The text with `values` filled in; adds the names of missing values to `missing`."""
    missing.update(dict.fromkeys(plan.missing))
    return "".join(
        [part if isinstance(part, str) else write(values[part.name] or "") for part in plan.parts]
    )


class _Planner:
    """Works out the parts of a text; `presence` says for each variable whether it has a value."""

    def __init__(self, presence: Mapping[str, bool | None], between: str) -> None:
        self.presence, self.between = presence, between
        self.missing: dict[str, None] = {}

    def line(self, line: _Line) -> list[str | _Slot] | None:
        """The parts of this line; None if it is left out."""
        if any(self.presence[slot.name] is None for slot in line.needed):
            return None
        written: list[str | _Slot] = []
        groups = kept = 0
        for part in line.parts:
            if isinstance(part, _Group):
                groups += 1
                inside = [one for inner in part.lines if (one := self.line(inner)) is not None]
                kept += bool(inside)
                for number, one in enumerate(inside):
                    written += [self.between, *one] if number else one
            else:
                written.append(part if isinstance(part, str) else self.slot(part))
        return written if kept or not groups else None

    def slot(self, slot: _Slot) -> str | _Slot:
        """The slot itself if it has a value, else its fallback."""
        if self.presence[slot.name]:
            return slot
        if slot.fallback is None:
            self.missing[slot.name] = None
        return slot.fallback or ""


@lru_cache(maxsize=256)
def _plan(marked: str, pattern: tuple[bool | None, ...], between: str) -> _Plan:
    """`pattern` says for each of _ALL_NAMES: does not apply (None), missing or present."""
    planner = _Planner(dict(zip(_ALL_NAMES, pattern, strict=True)), between)
    template = _compiled(marked)
    whole = planner.line(template)
    if whole is None:  # the mail would be empty
        names = (slot.name for slot in _slots(template) if planner.presence[slot.name] is None)
        planner.missing.update(dict.fromkeys(names))
    return _Plan(tuple(whole or ()), tuple(planner.missing))


def _slots(line: _Line) -> Iterator[_Slot]:
    yield from line.needed
    for part in line.parts:
        if isinstance(part, _Group):
            for inner in part.lines:
                yield from _slots(inner)


@lru_cache(maxsize=1024)
def _in_html(value: str) -> str:
    return escape(one_line(value))
