"""How amounts, rates, counts, times and references read on screen, everywhere alike.

Built in, so that templates need no load. Formats come from CLDR by the language and country spoken
(core.languages); times are shown in the time zone that the view activated, the brand's. Nothing
here computes.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from babel.dates import format_skeleton, get_timezone_location
from babel.numbers import format_decimal, format_percent
from django.template import Library
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.languages import locale_of, spoken_locale, spoken_tag
from core.money import BASIS_POINTS, Money, exponent, round_half_up
from core.number_forms import MINUS, count_form, money_form
from core.text import noun_for

register = Library()

ABSENT = "—"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
HIDDEN = "····"
DAY_FORMS = {
    "full": "yMMMd",
    "short": "MMMd",
    "month": "yMMM",
    "long month": "yMMMM",
    "month alone": "MMM",
}
# CLDR sets a space between a currency's letters and the digits; babel leaves it out.
LETTERS_THEN_DIGITS = re.compile(r"(?<=[A-Za-z])(?=\d)")


@register.filter
def money(value: Money | None) -> str:
    """An amount with its currency ("£1,284.50"); a dash for none."""
    if value is None:
        return ABSENT
    shown = money_form(spoken_tag(), value.currency).written(value.minor)
    return LETTERS_THEN_DIGITS.sub(NO_BREAK_SPACE, shown)


@register.filter
def after_refunds(sales: Money, refunds: Money) -> str:
    """What is left of sales ("£1,200.00 after refunds"); "" where nothing was refunded."""
    if not refunds:
        return ""
    return _("%(amount)s after refunds") % {"amount": money(sales - refunds)}


def short_money(value: Money) -> str:
    """An amount without an empty fraction ("£10"), for the scale of a chart."""
    if value.minor % 10 ** exponent(value.currency):
        return money(value)
    shown = money_form(spoken_tag(), value.currency).written_whole(value.minor)
    return LETTERS_THEN_DIGITS.sub(NO_BREAK_SPACE, shown)


@register.filter
def rate(value: int | None) -> str:
    """Basis points as percent, as the language writes it: 1_250 is "12.5%", in German "12,5 %"."""
    if value is None:
        return ABSENT
    return _written_rate(value, spoken_tag())


@lru_cache(maxsize=1024)
def _written_rate(value: int, tag: str) -> str:
    part = Decimal(value) / BASIS_POINTS
    return format_percent(part, locale=locale_of(tag), decimal_quantization=False)


def signed(number: int, size: str) -> str:
    """`size` with a plus or a minus sign before it; without a sign for zero."""
    if number == 0:
        return size
    return f"+{size}" if number > 0 else f"{MINUS}{size}"


def change_in_percent(now: int, before: int) -> str:
    """The change from `before`, which is over 0: "+12%"; "" for less than half a percent."""
    percent = round_half_up((now - before) * 100, before)
    return signed(percent, rate(abs(percent) * 100)) if percent else ""


@register.filter
def count(value: int | None) -> str:
    """A whole number with its groups ("1,284"); a dash for none."""
    return ABSENT if value is None else count_form(spoken_tag()).written(value)


register.filter(noun_for)


@register.filter
def quantity(value: Decimal) -> str:
    """A quantity with its groups and up to three decimal places: "1,284", "1.5"."""
    return format_decimal(value, format="#,##0.###", locale=spoken_locale())


@register.filter
def day(value: date | datetime | None, form: str = "full") -> str:
    """A date: "22 Nov 2026", "22 Nov" with `day:"short"`, "Nov 2026" with `day:"month"`.

    A moment's day is its local one.
    """
    if value is None:
        return ABSENT
    local = _local(value)
    on = local.date() if isinstance(local, datetime) else local
    return _written_day(on, form, spoken_tag())


@lru_cache(maxsize=4096)  # a page shows few days, and many times each
def _written_day(on: date, form: str, tag: str) -> str:
    return str(format_skeleton(DAY_FORMS[form], on, locale=locale_of(tag)))


@register.filter
def moment(value: datetime | None, form: str = "full") -> str:
    """A time: "22 Nov 2026, 11:40", or "22 Nov, 11:40" with `moment:"short"`."""
    if value is None:
        return ABSENT
    local, tag = _local(value), spoken_tag()
    return f"{_written_day(local.date(), form, tag)}, {_written_clock(local, tag)}"


@register.filter
def clock(value: datetime | None) -> str:
    """The time of day: "11:40"."""
    if value is None:
        return ABSENT
    return _written_clock(_local(value), spoken_tag())


def _written_clock(local: datetime, tag: str) -> str:
    return _written_time(local.hour, local.minute, tag)


@lru_cache(maxsize=24 * 60)
def _written_time(hour: int, minute: int, tag: str) -> str:
    return str(format_skeleton("Hm", time(hour, minute), locale=locale_of(tag)))


@register.filter
def masked_reference(value: str | None) -> str:
    """A reference with all but its last four characters hidden; of a shorter one, half."""
    if not value:
        return ABSENT
    seen = 4 if len(value) > 4 else len(value) // 2
    return HIDDEN + value[len(value) - seen :]


@register.filter
def breakable(address: str) -> SafeString:
    """An address that breaks after a slash, where it has to break."""
    return format_html_join(SafeString("/<wbr>"), "{}", ((part,) for part in address.split("/")))


@register.filter
def who(actor: str | None) -> str:
    """Somebody of the log by their name alone: "Ines Castell <ines@…>" is Ines Castell."""
    if not actor:
        return ABSENT
    return actor.partition(" <")[0]


@register.simple_tag
def time_zone_name() -> str:
    """The active time zone in words: "London time", "UTC"."""
    zone = timezone.get_current_timezone_name()
    if zone in {"UTC", "GMT", "Etc/UTC"}:
        return "UTC"
    return _("%(city)s time") % {"city": _city(zone, spoken_tag())}


@lru_cache(maxsize=1024)
def _city(zone: str, tag: str) -> str:
    return str(get_timezone_location(zone, locale=locale_of(tag), return_city=True))


@register.simple_tag
def zoned_moment(value: datetime) -> SafeString:
    """A time in the active zone, behind which script writes a reader's own time if that differs."""
    return format_html(
        '<time datetime="{}" data-zone="{}" data-own-time="{}">{}</time>',
        value.isoformat(timespec="seconds"),
        timezone.get_current_timezone_name(),
        _("your time: {time}"),
        moment(value),
    )


DayOrMoment = TypeVar("DayOrMoment", date, datetime)


def _local(value: DayOrMoment) -> DayOrMoment:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(timezone.get_current_timezone())
    return value
