"""The figures of Home beside those of an earlier time: the period before, or a year before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from brand_admin.charts import Earlier
from core.money import Money
from core.templatetags.display import after_refunds, change_in_percent, count, day, money
from offers.models import Offer
from tracking.figures.metrics import DateRange, Figures, offers_totals_by_day, totals_by_offer
from tracking.figures.offer_report import CurrencySummary
from tracking.models.totals import NOTHING, Totals

COMPARISONS = (("before", "Period before"), ("year", "Year before"))


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure, and its change from the earlier period; what is left of sales beside it."""

    label: str
    value: str
    change: str
    tone: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """`key` is one of COMPARISONS. `than` is None if the brand had not begun by then."""

    key: str
    period: DateRange
    than: DateRange | None

    @property
    def words(self) -> str:
        """Say what the figures are compared with: "1 Oct to 30 Oct"."""
        if self.than is None or self.than.first is None or self.than.last is None:
            return "nothing earlier: the brand had not begun"
        return f"{day(self.than.first)} to {day(self.than.last)}"

    def earlier(self, offer_ids: Sequence[int]) -> Earlier | None:
        """Return what the chart is compared with."""
        than = self.than
        if than is None or than.first is None or self.period.first is None:
            return None
        days = offers_totals_by_day(offer_ids, period=than)
        label = dict(COMPARISONS)[self.key]
        return Earlier(days, self.period.first - than.first, label)

    def totals(self, offers: Sequence[Offer]) -> dict[str, Totals]:
        """Return the earlier totals of these offers, per currency."""
        if self.than is None:
            return {}
        totals = totals_by_offer([offer.pk for offer in offers], period=self.than)
        sums: dict[str, Totals] = defaultdict(Totals)
        for offer in offers:
            sums[offer.currency] = sums[offer.currency].plus(totals.get(offer.pk, NOTHING))
        return sums


def comparison_in(asked: Mapping[str, str], *, period: DateRange, began: date) -> Comparison:
    """Return the comparison of ?than=…; with the period before, if that is unknown."""
    key = asked.get("than", "")
    key = key if key in dict(COMPARISONS) else COMPARISONS[0][0]
    than = period.year_before() if key == "year" else period.before()
    if than is not None and (than.last is None or than.last < began):
        than = None
    return Comparison(key, period, than)


def tiles_of(summary: CurrencySummary, then: Totals, *, compares: bool) -> list[Tile]:
    """Return sales, commission, conversions and clicks, each with its change from `then`."""
    figures = summary.figures
    now, currency = figures.totals, summary.currency

    def amount(minor: int) -> str:
        return money(Money(minor, currency))

    tiles = [
        _tile("Sales", now.sales_minor, then.sales_minor, amount),
        _tile("Commission", now.commission_minor, then.commission_minor, amount),
        _tile("Conversions", now.conversions, then.conversions, count),
        _tile("Clicks", now.clicks, then.clicks, count),
    ]
    if not compares:
        tiles = [replace(tile, change="", tone="") for tile in tiles]
    return [_with_refunds(figures, tiles[0]), *tiles[1:]]


def _with_refunds(figures: Figures, tile: Tile) -> Tile:
    kept = after_refunds(figures.sales, figures.refunds)
    return replace(tile, change=" \u00b7 ".join(filter(None, (tile.change, kept))))


def _tile(label: str, now: int, before: int, show: Callable[[int], str]) -> Tile:
    """Return a tile. An increase is good; after a period with zero there is no percentage."""
    value = show(now)
    if before == 0:
        return Tile(label, value, "none before" if now else "", "")
    change = change_in_percent(now, before)
    if not change:
        return Tile(label, value, f"as before: {show(before)}", "")
    tone = "good" if now > before else "bad"
    return Tile(label, value, f"{change} from {show(before)}", tone)
