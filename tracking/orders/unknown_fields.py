"""Name the keys of an order or a refund that no field is read from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.text import unknown_name
from tracking.orders.facts import Problems
from tracking.orders.fields import Field

SOURCE = "source"  # it may stand beside the fields of a single one


def names_of(fields: Iterable[Field[Any]], *also: str) -> dict[str, None]:
    """Return the names of these fields, in their order."""
    return dict.fromkeys([*(field.name for field in fields), *also])


def refuse_unknown_in_order(
    sent: Mapping[str, Any],
    known: Mapping[str, None],
    of_lines: Mapping[str, None],
    problems: Problems,
) -> None:
    """Name every key of an order, a refund, or one of its lines that is no field.

    Else a shop that misspells one never learns of it.
    """
    _refuse(sent, known, problems)
    lines = sent.get("lines")
    for index, line in enumerate(lines if isinstance(lines, list) else ()):
        if isinstance(line, Mapping):
            _refuse(line, of_lines, problems.inside(f"lines.{index}."))


def _refuse(sent: Mapping[str, Any], known: Mapping[str, None], problems: Problems) -> None:
    for name in sent:
        if problems.is_full:
            return
        if name not in known:
            problems.add(str(name)[:60], "unknown_field", unknown_name(str(name), known))
