"""The kinds of fields that a shop sends: how each is read, and how OpenAPI describes it. Pure.

A field is declared once, with its bounds. `read` follows the declaration and `schema` describes
it, so that the document says what the reader does. The reader collects what is wrong, so that a
shop learns everything at once.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from core.money import UnknownCurrencyError, exponent
from core.text import UNSTORABLE
from tracking.orders.facts import Problems

BETWEEN_CODES = re.compile("[,;|\t\r\n\uff0c\uff1b\uff5c\u3001]")  # the last are full-width
AROUND_CODES = '" \t\u201c\u201d\u201e\u00ab\u00bb'  # double quotes
MAX_TIME_LENGTH = 40
SECONDS, MILLISECONDS = re.compile(r"[0-9]{9,10}"), re.compile(r"[0-9]{12,13}")  # since 1970
DAY = r"([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}|[0-9]{4}-?[Ww][0-9]{2}(-?[0-9])?)"
CLOCK = r"[0-9]{2}(:?[0-9]{2}(:?[0-9]{2}([.,][0-9]+)?)?)?"
HOURS = r"[+-][0-9]{2}:?[0-9]{2}"
# "2026-11-20 09:50:26 +0000", as the CSV files of Shopify have it
SPACED_OFFSET = re.compile(rf"(?<=[0-9]) (?={HOURS}$)")
OFFSET = rf"([Zz]| [Uu][Tt][Cc]| {HOURS}|[+-]{CLOCK})"
ISO_8601 = re.compile(f"{DAY}[Tt ]{CLOCK}{OFFSET}")
TIMES = (ISO_8601, SECONDS, MILLISECONDS)  # as texts
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
YES, NO = ("true", "yes", "1"), ("false", "no", "0")
WORDS: dict[str, bool] = {**dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}
LEFT_OUT = ({"type": "null"}, {"const": ""})  # what may stand for a value that is left out
SPACES = r"^[\s\x00-\x1f\x7f-\x9f]*$"
BLANK = {"anyOf": [{"type": "null"}, {"type": "string", "pattern": SPACES}]}  # of names

HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)+")

T = TypeVar("T", covariant=True)


@dataclass(frozen=True)
class Field(ABC, Generic[T]):
    """One field of an object, by its name in the API."""

    name: str
    required: bool = True
    description: str = ""

    def is_given(self, raw: Mapping[str, Any]) -> bool:
        return raw.get(self.name) not in (None, "")  # a tuple, as it may be a list

    def read_if_given(self, raw: Mapping[str, Any], problems: Problems) -> T | None:
        """The field's value, None where it is left out."""
        return self.read(raw, problems) if self.is_given(raw) else None

    @abstractmethod
    def read(self, raw: Mapping[str, Any], problems: Problems) -> T:
        """The field's value, or one that stands for it after `problems` were added."""

    @abstractmethod
    def forms(self) -> list[dict[str, Any]]:
        """The JSON Schema of each form in which the value may come."""

    def schema(self) -> dict[str, Any]:
        forms = [*self.forms(), *(() if self.required else LEFT_OUT)]
        described = forms[0] if len(forms) == 1 else {"anyOf": forms}
        return described | {"description": self.description} if self.description else described


def padded(pattern: str) -> dict[str, Any]:
    """The JSON Schema of a text that follows a pattern, whatever spaces are around it."""
    return {"type": "string", "pattern": rf"^\s*({pattern})\s*$"}


def in_any_case(words: Iterable[str]) -> dict[str, Any]:
    """The JSON Schema of one of these words, in large or small letters or both."""
    spelled = (
        "".join(f"[{one.upper()}{one}]" if one.isalpha() else one for one in word) for word in words
    )
    return padded("|".join(spelled))


def said(value: Any) -> str:
    """How an answer writes what was sent."""
    return str(value) if isinstance(value, Decimal) else repr(value)


def is_long_whole(value: Any) -> bool:
    """Whether it is a number without a point that api.bodies leaves a Decimal, as it is so long."""
    return isinstance(value, Decimal) and value.is_finite() and value.as_tuple().exponent == 0


def _read_text(
    field: Field[Any], raw: Mapping[str, Any], problems: Problems, *, max_length: int
) -> str:
    value = raw.get(field.name)
    if value is None or value == "":
        if field.required:
            problems.add(field.name, "missing", "is missing")
        return ""
    if not (isinstance(value, str | int) or is_long_whole(value)) or isinstance(value, bool):
        problems.add(field.name, "not_text", f"{said(value)} is not a text")
        return ""
    text = str(value).strip()
    if len(text) > max_length:
        problems.add(field.name, "too_long", f"is longer than {max_length} characters")
    if UNSTORABLE.search(text):
        problems.add(field.name, "not_text", "contains an invalid character")
    if field.required and not text:
        problems.add(field.name, "missing", "is missing")
    return text


@dataclass(frozen=True)
class TextField(Field[str]):
    """A text without spaces at its ends; a whole number is taken as its digits."""

    max_length: int = 120

    def read(self, raw: Mapping[str, Any], problems: Problems) -> str:
        return _read_text(self, raw, problems, max_length=self.max_length)

    def forms(self) -> list[dict[str, Any]]:
        not_blank = {"minLength": 1, "pattern": r"\S"} if self.required else {}
        text = {"type": "string", "maxLength": self.max_length, **not_blank}
        return [text, {"type": "integer"}]


@dataclass(frozen=True)
class AnyTextField(TextField):
    """A text that refuses no order, however long it is and whatever it holds.

    What is cut ends in "…", and "\ufffd" stands for what PostgreSQL does not take.
    """

    def read(self, raw: Mapping[str, Any], problems: Problems) -> str:
        value = raw.get(self.name)
        if isinstance(value, str):
            text = UNSTORABLE.sub("\ufffd", value.strip())
            kept = text if len(text) <= self.max_length else f"{text[: self.max_length - 1]}…"
            raw = {self.name: kept}
        return super().read(raw, problems)

    def forms(self) -> list[dict[str, Any]]:
        return [{"type": "string"}, {"type": "integer"}]


@dataclass(frozen=True)
class EvidenceField(AnyTextField):
    """A code or a click id. One that cannot be stored is read as one that nobody knows.

    A shopper can put any text into the address that they come from.
    """


@dataclass(frozen=True)
class ReferrerField(EvidenceField):
    """The host, in lower case, of an address or of a host alone; "" of anything else."""

    def read(self, raw: Mapping[str, Any], problems: Problems) -> str:
        text = super().read(raw, problems)
        try:
            found = urlsplit(text if "//" in text else f"//{text}").hostname or ""
        except ValueError:
            return ""
        return found if HOST.fullmatch(found) else ""


def each_once(codes: Iterable[str]) -> tuple[str, ...]:
    """The codes in their order, without repeats."""
    return tuple(dict.fromkeys(codes))


def _codes_in(text: str) -> list[str]:
    return [code.strip(AROUND_CODES) for code in BETWEEN_CODES.split(text)]


@dataclass(frozen=True)
class CodesField(Field[tuple[str, ...]]):
    """Promo codes in the order in which they were given: a list, or a text that may hold several.

    In a text they are separated by commas, semicolons, bars or line breaks; a space belongs to its
    code, and double quotes around it do not. More than `max_items` are cut off, because what nobody
    knows refuses no order.
    """

    max_length: int = 60  # of each code; see EvidenceField
    max_items: int = 50

    def read(self, raw: Mapping[str, Any], problems: Problems) -> tuple[str, ...]:
        value = raw.get(self.name)
        parts = value if isinstance(value, list) else [value]
        one = EvidenceField(self.name, required=False, max_length=self.max_length)
        codes = [
            one.read({self.name: text}, problems)
            for part in parts
            for text in (_codes_in(part) if isinstance(part, str) else [part])
        ]
        return each_once(filter(None, codes))[: self.max_items]

    def forms(self) -> list[dict[str, Any]]:
        codes = {"type": "array", "items": {"type": ["string", "integer", "null"]}}
        return [codes, {"type": "string"}, {"type": "integer"}]


@dataclass(frozen=True)
class YesNoField(Field[bool | None]):
    """True, false, or None where nothing is said. A CSV file says yes and no."""

    def read(self, raw: Mapping[str, Any], problems: Problems) -> bool | None:
        value = raw.get(self.name)
        if value is None or value == "":
            return None
        found = value if isinstance(value, bool) else WORDS.get(str(value).strip().lower())
        if found is None:
            problems.add(self.name, "not_yes_or_no", f"{said(value)} is neither true nor false")
        return found

    def forms(self) -> list[dict[str, Any]]:
        return [{"type": "boolean"}, {"enum": [*WORDS, 0, 1]}, in_any_case(WORDS)]


@dataclass(frozen=True)
class TimeField(Field[datetime]):
    """An instant between 1970 and 2100, in UTC. A number is seconds or milliseconds since 1970."""

    def is_given(self, raw: Mapping[str, Any]) -> bool:
        value = raw.get(self.name)
        return bool(value.strip()) if isinstance(value, str) else value is not None

    def read(self, raw: Mapping[str, Any], problems: Problems) -> datetime:
        text = _read_text(self, raw, problems, max_length=MAX_TIME_LENGTH)
        if not text:
            return EARLIEST
        moment = _moment(text)
        if moment is None:
            problems.add(self.name, "not_a_time", f"{text!r} is not an ISO 8601 time")
            return EARLIEST
        if moment.tzinfo is None:
            problems.add(self.name, "no_time_zone", f"{text!r} has no offset from UTC")
            return EARLIEST
        if not EARLIEST <= moment < LATEST:
            problems.add(self.name, "not_a_time", f"{text!r} is not in the years 1970 to 2099")
            return EARLIEST
        return moment.astimezone(UTC)

    def forms(self) -> list[dict[str, Any]]:
        last = int(LATEST.timestamp()) - 1
        return [
            {"type": "string", "format": "date-time", "maxLength": MAX_TIME_LENGTH},
            padded("|".join(time.pattern for time in TIMES)) | {"maxLength": MAX_TIME_LENGTH},
            {"type": "integer", "minimum": 10**8, "maximum": last},
            {"type": "integer", "minimum": 10**11, "maximum": last * 1_000 + 999},
            *([] if self.required else [padded("")]),
        ]


def _moment(text: str) -> datetime | None:
    """The time that a text says, None if it says none."""
    if SECONDS.fullmatch(text):
        return EARLIEST + timedelta(seconds=int(text))
    if MILLISECONDS.fullmatch(text):
        return EARLIEST + timedelta(milliseconds=int(text))
    try:
        found = datetime.fromisoformat(SPACED_OFFSET.sub("", text.upper().replace(" UTC", "Z")))
    except ValueError:
        return None
    return found if found.tzinfo is None or ISO_8601.fullmatch(text) else None


@dataclass(frozen=True)
class CurrencyField(Field[str]):
    """A currency's ISO 4217 code, in capitals whatever was sent."""

    def read(self, raw: Mapping[str, Any], problems: Problems) -> str:
        code = _read_text(self, raw, problems, max_length=3).upper()
        try:
            if code:
                exponent(code)
        except UnknownCurrencyError as error:
            problems.add(self.name, "unknown_currency", str(error))
        return code

    def forms(self) -> list[dict[str, Any]]:
        return [padded("[A-Za-z]{3}")]


@dataclass(frozen=True)
class ChoiceField(Field[str]):
    """One of a few words, whatever their case. The first stands for a value that is left out."""

    choices: tuple[str, ...] = ()

    def read(self, raw: Mapping[str, Any], problems: Problems) -> str:
        text = _read_text(self, raw, problems, max_length=60).lower()
        is_blank = isinstance(raw.get(self.name), str) and self.is_given(raw) and not text
        if (text or is_blank) and text not in self.choices:
            message = f"{text!r} is none of {', '.join(self.choices)}"
            problems.add(self.name, "not_a_choice", message)
        return text or self.choices[0]

    def forms(self) -> list[dict[str, Any]]:
        return [{"enum": list(self.choices)}, in_any_case(self.choices)]


@dataclass(frozen=True)
class ObjectListField(Field[list[Any]]):
    """A list of objects, which the caller reads one by one by `fields`."""

    fields: tuple[Field[Any], ...] = ()
    named_by: tuple[Field[Any], ...] = ()  # of these fields an item needs one
    max_items: int = 1_000
    owner: str = "it"  # in words: an "order" has "lines"
    item: str = "item"

    def read(self, raw: Mapping[str, Any], problems: Problems) -> list[Any]:
        value = raw.get(self.name)
        if not self.required and not self.is_given(raw):
            return []
        if not isinstance(value, list) or not value:
            problems.add(self.name, "missing", f"{self.owner} needs at least one {self.item}")
            return []
        if len(value) > self.max_items:
            message = f"{self.owner} has at most {self.max_items:,} {self.name}"
            problems.add(self.name, "too_many", message)
            return []
        return value

    def forms(self) -> list[dict[str, Any]]:
        items = object_schema(self.fields)
        if self.named_by:
            items["not"] = {"properties": {field.name: BLANK for field in self.named_by}}
        return [{"type": "array", "minItems": 1, "maxItems": self.max_items, "items": items}]


def object_schema(fields: Iterable[Field[Any]]) -> dict[str, Any]:
    """The JSON Schema of an object with these fields."""
    listed = list(fields)
    return {
        "type": "object",
        "required": [field.name for field in listed if field.required],
        "properties": {field.name: field.schema() for field in listed},
        "additionalProperties": False,
    }
