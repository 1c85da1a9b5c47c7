"""An order or refund on the page of a preview."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.money import Money
from core.templatetags.display import money
from tracking.importing.orders_in_background import ShownEntry

RESULTS = {
    "recorded": ("New", "good"),
    "revised": ("Changes", "wait"),
    "duplicate": ("As it is already", "neutral"),
}
LEFT_OUT = ("Left out", "bad")


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """What the file says of it, and what would become of it."""

    entry: ShownEntry

    @property
    def label(self) -> str:
        return RESULTS.get(self.entry.status, LEFT_OUT)[0]

    @property
    def tone(self) -> str:
        return RESULTS.get(self.entry.status, LEFT_OUT)[1]

    @property
    def at(self) -> datetime | None:
        return datetime.fromisoformat(self.entry.at) if self.entry.at else None

    @property
    def amount(self) -> str:
        """The amount; of a refund that names none, that it is what is left."""
        if not self.entry.currency:
            return ""
        if self.entry.amount_minor is None:
            return "What is left"
        return money(Money(self.entry.amount_minor, self.entry.currency))
