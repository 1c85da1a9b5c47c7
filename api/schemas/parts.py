"""The parts that bodies, queries and answers of the API are made of.

Money is an object with the amount as decimal text and in minor units; times are RFC 3339 in UTC. A
body with a key that we do not know is refused, and the key is named.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from core.money import Money
from core.text import unknown_name

MAX_PAGE = 200
UNKNOWN = "unknown_field"
CONTROL_CHARACTER, HAS_NUL = "control_character", "can't hold a NUL character"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DIGITS = re.compile(r"-?[0-9]{1,9}")
OFFSET = "([Zz]|[+-][0-9]{2}:[0-9]{2})"
RFC_3339 = re.compile(  # section 5.6
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]+)?{OFFSET}"
)
MAX_WHOLE_DIGITS = 16  # before the point of an amount
DECIMAL = r"^-?\d{1,16}(\.\d{1,9})?$"
NINE_PLACES, ROOMY = Decimal("1e-9"), Context(prec=40)
NUMBER = {
    "type": "number",
    "minimum": -(10**MAX_WHOLE_DIGITS - 1),
    "maximum": 10**MAX_WHOLE_DIGITS - 1,
}
# What a search of conversions and of their flags looks at, `tracking.figures.conversion_search`.
ORDER_OR_MEMBER: Any = Field(
    "",
    max_length=200,
    description="The beginning or the end of the order's id, the beginning of the number that the"
    " shop shows, or a part of the member's name or address.",
)
T = TypeVar("T")


class Shown(BaseModel):
    """A part of an answer: exactly its fields."""

    model_config = ConfigDict(extra="forbid")


class Sent(BaseModel):
    """A part of a body: only known fields, each of its type."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _name_what_is_unknown(cls, values: Any) -> Any:
        for name in values if isinstance(values, dict) else ():
            if name not in cls.model_fields:
                sentence = unknown_name(name, cls.model_fields)
                raise PydanticCustomError(
                    UNKNOWN, "{sentence}", {"sentence": sentence, "name": name[:60]}
                )
        return values


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError(CONTROL_CHARACTER, HAS_NUL)
    return text


def _digits_alone(value: Any) -> Any:
    """Refuse what Python takes for a whole number too: "2.0", "+5", "1_0"."""
    if isinstance(value, str) and not DIGITS.fullmatch(value):
        raise PydanticCustomError("int_parsing", "must be a whole number")
    return value


def _true_or_false(value: Any) -> Any:
    """Refuse what pydantic takes for yes or no too: "on", "Y", "1"."""
    if isinstance(value, str) and value not in ("true", "false"):
        raise PydanticCustomError("bool_parsing", "must be true or false")
    return value


def _as_amount(value: Any) -> Any:
    """The digits of a number; what is finer than nine places is rounded half up."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() <= MAX_WHOLE_DIGITS:
        return f"{value.quantize(NINE_PLACES, ROUND_HALF_UP, ROOMY):f}"
    return value


def _as_moment(value: Any) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("not_a_time", "must be a time such as 2026-11-22T10:40:00Z")
    try:
        moment = datetime.fromisoformat(value.upper()) if RFC_3339.fullmatch(value) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1970 <= moment.year < 9000:
        raise PydanticCustomError(
            "not_a_time", "must be a time with an offset, such as 2026-11-22T10:40:00Z"
        )
    return moment.astimezone(UTC)


def as_day(value: Any) -> date:
    """The day of a text such as "2026-11-22"; other forms of ISO 8601 are refused."""
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise PydanticCustomError("not_a_day", "must be a day such as 2026-11-22")
    return date.fromisoformat(value)


NoNul = AfterValidator(_without_nul)
AskedWhole = Annotated[int, BeforeValidator(_digits_alone)]  # of a query
AskedYesNo = Annotated[bool, BeforeValidator(_true_or_false)]  # of a query
BasisPoints = Annotated[int, Field(ge=0, le=10_000)]
Line = Annotated[str, NoNul, StringConstraints(max_length=300)]
Name = Annotated[str, NoNul, StringConstraints(min_length=1, max_length=200)]
LongText = Annotated[str, NoNul, StringConstraints(min_length=1, max_length=2_000)]
Reason = Annotated[str, NoNul, StringConstraints(min_length=1, max_length=300)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[
    str,
    BeforeValidator(_as_amount),
    StringConstraints(pattern=DECIMAL),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": DECIMAL}, NUMBER]}),
]
Moment = Annotated[
    datetime,
    BeforeValidator(_as_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
MomentShown = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
DayShown = Annotated[str, Field(json_schema_extra={"format": "date"})]


class MoneyShown(Shown):
    """An amount as decimal text, the same in minor units, and its currency."""

    amount: str = Field(pattern=DECIMAL)
    minor: int
    currency: str


def money(minor: int, currency: str) -> MoneyShown:
    return MoneyShown(amount=Money(minor, currency).plain(), minor=minor, currency=currency)


def moment(value: datetime) -> str:
    """Return a time as RFC 3339 in UTC: "2026-11-22T10:40:00Z"."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment_or_none(value: datetime | None) -> str | None:
    return moment(value) if value else None


class Page(Shown, Generic[T]):
    """One page of a list, the newest first. `next_cursor` leads to the next; null: no more."""

    data: list[T]
    next_cursor: str | None


class Asked(BaseModel):
    """The query of one thing that can show others whole."""

    expand: str = Field("", description="Names of what to show whole, separated by commas.")


class AskedPage(BaseModel):
    """The query of a list; each list adds its filters."""

    limit: AskedWhole = Field(50, ge=1, le=MAX_PAGE)
    cursor: str = Field("", max_length=400, description="The `next_cursor` of the page before.")
    created_since: Moment | None = None
    created_before: Moment | None = None


class AskedWholePage(AskedPage, Asked):
    """The query of a list that can show others whole."""


class Changed(Shown):
    """How many rows changed; the others were as asked already."""

    changed: int
