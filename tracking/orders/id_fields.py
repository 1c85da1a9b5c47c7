"""The fields that name an order or what is in it: lines, products, customers, collections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from core.text import UNSTORABLE
from tracking.orders.facts import Problems
from tracking.orders.fields import Field, TextField, is_long_whole

CONTROL_CHARACTERS = re.compile("[\x00-\x1f\x7f-\x9f]+")  # the category Cc of Unicode
NOBODY = re.compile(r"0(\.0+)?")  # spreadsheets and PHP write 0.0
DIGEST_LENGTH = 16  # hexadecimal digits


@dataclass(frozen=True)
class AddressedField(TextField):
    """An id that stands in addresses: no web address holds a line break."""

    def read(self, raw: Mapping[str, Any], problems: Problems) -> str:
        text = super().read(raw, problems)
        if CONTROL_CHARACTERS.search(text) and not UNSTORABLE.search(text):
            message = "contains a line break, a tab or another control character"
            problems.add(self.name, "control_character", message)
        return text


def kept_name(text: str, max_length: int) -> str:
    """The name as it is kept: of one line, and of at most `max_length` characters.

    Control characters are one space, "\ufffd" stands for half a pair of UTF-16. A longer name is
    cut and ends in "…" and a digest of the whole: so equal names stay equal, and others differ.
    """
    text = UNSTORABLE.sub("\ufffd", CONTROL_CHARACTERS.sub(" ", text).strip())
    if len(text) <= max_length:
        return text
    digest = sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
    return f"{text[: max_length - DIGEST_LENGTH - 1]}…{digest}"


@dataclass(frozen=True)
class NameField(TextField):
    """A name that refuses no order, however long it is and whatever it holds; see `kept_name`."""

    def is_given(self, raw: Mapping[str, Any]) -> bool:
        value = raw.get(self.name)
        if isinstance(value, str):
            return bool(kept_name(value, self.max_length))
        return value is not None

    def read(self, raw: Mapping[str, Any], problems: Problems) -> str:
        value = raw.get(self.name)
        if isinstance(value, str) or is_long_whole(value):
            raw = {self.name: kept_name(str(value), self.max_length)}
        return super().read(raw, problems)

    def forms(self) -> list[dict[str, Any]]:
        return [{"type": "string"}, {"type": "integer"}]


@dataclass(frozen=True)
class CustomerField(NameField):
    """The shop's reference to a customer. 0 is nobody: WooCommerce sends it for guests."""

    def read(self, raw: Mapping[str, Any], problems: Problems) -> str:
        text = super().read(raw, problems)
        return "" if NOBODY.fullmatch(text) else text


@dataclass(frozen=True)
class CollectionsField(Field[tuple[str, ...]]):
    """Names or ids of collections, read in order and each once; a single one is a list of one.

    More than `max_items` are cut off.
    """

    max_length: int = 120  # of each name
    max_items: int = 1_000

    def read(self, raw: Mapping[str, Any], problems: Problems) -> tuple[str, ...]:
        value = raw.get(self.name)
        if value is None or value == "":
            return ()
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str | int) and not isinstance(one, bool) for one in items):
            problems.add(self.name, "not_a_list", "is not a list of texts")
            return ()
        names = {kept_name(str(one), self.max_length) for one in items}
        return tuple(sorted(names - {""})[: self.max_items])

    def forms(self) -> list[dict[str, Any]]:
        name = {"type": ["string", "integer"]}
        return [{"type": "array", "items": name}, {"type": "string"}, {"type": "integer"}]
