"""The fields that name an order, a refund or a line: texts of one line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.text import UNSTORABLE
from tracking.orders.facts import Problems
from tracking.orders.fields import TextField

CONTROL_CHARACTERS = re.compile("[\x00-\x1f\x7f-\x9f]+")  # the category Cc of Unicode


@dataclass(frozen=True)
class AddressedField(TextField):
    """An id that stands in addresses: no web address holds a line break."""

    def read(self, raw: Mapping[str, Any], problems: Problems) -> str:
        text = super().read(raw, problems)
        if CONTROL_CHARACTERS.search(text) and not UNSTORABLE.search(text):
            message = "contains a line break, a tab or another control character"
            problems.add(self.name, "control_character", message)
        return text


@dataclass(frozen=True)
class LineNameField(TextField):
    """A line's id or SKU. Control characters in it are read as one space: they refuse no order."""

    def read(self, raw: Mapping[str, Any], problems: Problems) -> str:
        value = raw.get(self.name)
        if isinstance(value, str):
            raw = {self.name: CONTROL_CHARACTERS.sub(" ", value)}
        return super().read(raw, problems)
