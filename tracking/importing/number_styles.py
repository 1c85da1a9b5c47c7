"""How a column of a file writes its numbers: 1,234.50 or 1.234,50. Pure.

A whole column decides, and only where it says so unmistakably: one of its numbers can be read in
one way alone, and none of them only in the other. 1,234 alone says nothing, and nor does 1.234.
Three digits after a point are decimals where another column of the file has decimal points, in an
amount whose currency has three decimals, and in a spreadsheet's own numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from core.money import UnknownCurrencyError, exponent
from tracking.importing import cell_marks
from tracking.importing.cell_marks import EITHER

# Spaces of every width, and the apostrophes of Switzerland, only ever stand between thousands.
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:[ \u00a0\u2009\u202f'\u2019][0-9]{3})+(?:[.,][0-9]+)?")
_BETWEEN_THOUSANDS = re.compile(r"[ \u00a0\u2009\u202f'\u2019]")
# Decimals are one, two or more than three digits, or follow a 0 or a thousand that is marked.
_COMMA_ALONE = re.compile(
    r"-?(?:0?,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+"
    r"|[0-9]{1,3}(?:\.[0-9]{3}){2,}|[0-9]{4,},[0-9]+)"
)
_POINT_ALONE = re.compile(
    r"-?(?:0?\.[0-9]+|[0-9]+\.(?:[0-9]{1,2}|[0-9]{4,})|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+"
    r"|[0-9]{1,3}(?:,[0-9]{3}){2,}|[0-9]{4,}\.[0-9]+)"
)
AMOUNTS = frozenset({"unit_price", "discount", "amount"})
_THOUSANDS = {
    ",": re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?"),
    ".": re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?"),
}
_DECIMAL_COMMA = re.compile(r"-?[0-9]*,[0-9]+")


class NumberStyle(Enum):
    """What a column's numbers have between units and decimals."""

    UNSAID = "unsaid"
    POINT_BESIDE = "point beside"  # unsaid, but other columns of the file have decimal points
    POINT = "point"
    COMMA = "comma"
    BOTH = "both"  # some of its numbers only make sense with a point, others only with a comma


def add_votes(votes: Mapping[str, set[NumberStyle]], row: Mapping[str, str]) -> None:
    """Add what a row says about the styles of the columns that `votes` names."""
    for name, said in votes.items():
        value = row.get(name, "")
        is_plain = value.isdecimal() or (NumberStyle.POINT in said and "," not in value)
        if not is_plain:
            text = _BETWEEN_THOUSANDS.sub("", value.strip())
            if _COMMA_ALONE.fullmatch(text):
                said.add(NumberStyle.COMMA)
            elif _POINT_ALONE.fullmatch(text) or _has_decimals(name, value, row):
                said.add(NumberStyle.POINT)


def _has_decimals(name: str, value: str, row: Mapping[str, str]) -> bool:
    """Whether the three digits after a point can only be decimals, as the cell's row says."""
    if value.endswith(cell_marks.POINT):
        return True
    if name not in AMOUNTS or "." not in value or not EITHER.fullmatch(value.strip()):
        return False
    try:
        return exponent(row.get("currency", "").strip().upper()) == 3
    except UnknownCurrencyError:
        return False


def decided(votes: Mapping[str, set[NumberStyle]]) -> dict[str, NumberStyle]:
    """Return the style that each column's votes come to."""
    found = {
        name: NumberStyle.BOTH if len(said) > 1 else next(iter(said), NumberStyle.UNSAID)
        for name, said in votes.items()
    }
    if set(found.values()) == {NumberStyle.POINT, NumberStyle.UNSAID}:
        beside = {NumberStyle.UNSAID: NumberStyle.POINT_BESIDE}
        return {name: beside.get(style, style) for name, style in found.items()}
    return found


def plain_number(text: str, style: NumberStyle) -> str:
    """Return a number with a decimal point and nothing between thousands.

    A text that is no number stays as it is. Raises ValueError, with the reason, for a number that
    can be read in two ways.
    """
    value = text.strip()
    if value.isdecimal() or text.endswith(cell_marks.POINT):
        return value
    if _GROUPED.fullmatch(value):
        value = _BETWEEN_THOUSANDS.sub("", value)
    if style is NumberStyle.BOTH and ("," in value or EITHER.fullmatch(value)):
        raise ValueError(
            f"{text}: the column has decimal commas and decimal points; write all of it in one way"
        )
    if style is NumberStyle.COMMA:
        if _THOUSANDS["."].fullmatch(value):
            value = value.replace(".", "")
        return value.replace(",", ".") if _DECIMAL_COMMA.fullmatch(value) else value
    if style in {NumberStyle.UNSAID, NumberStyle.POINT_BESIDE} and EITHER.fullmatch(value):
        if "," in value:
            raise ValueError(
                f"{text}: the comma may stand for thousands or for decimals; write it with a point"
                " or without"
            )
        if style is NumberStyle.UNSAID:
            raise ValueError(
                f"{text}: the point may stand for thousands or for decimals; write it as"
                f" {value}0 or as {value.replace('.', '')}"
            )
    return value.replace(",", "") if _THOUSANDS[","].fullmatch(value) else value
