"""My commission: the terms in plain sentences, the tier, and how far it is to the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.selectors import current_zone
from core.money import Money
from core.templatetags.display import count, money
from offers.models import Enrollment, Terms
from offers.selectors import TermsHistory
from offers.structure import Period, Tier, TierBy
from offers.wording import describe_beginning, describe_fully, describe_rules, describe_tiers
from tracking.commissions.tier_progress import Reached, TierProgress
from tracking.figures.metrics import today

NEWS = timedelta(days=30)  # for so long new terms are pointed out


@dataclass(frozen=True, slots=True)
class TermsInWords:
    """One version: its sentence, and a line per tier and rule."""

    sentence: str
    tiers: tuple[str, ...]
    rules: tuple[str, ...]
    starts_at: datetime

    @classmethod
    def of(cls, terms: Terms, currency: str, *, stands: int = 0) -> TermsInWords:
        """For who stands in the tier `stands`, counted from 1: its rate is what they earn."""
        tiers = describe_tiers(terms, currency)
        return cls(
            sentence=describe_fully(
                terms, currency, tier=terms.tier_list[stands - 1] if stands else None
            ),
            tiers=(describe_beginning(terms, currency), *tiers) if stands else tuple(tiers),
            rules=tuple(describe_rules(terms, currency)),
            starts_at=terms.starts_at,
        )


@dataclass(frozen=True, slots=True)
class Climb:
    """The tier a member stands in, and the way to the next: `value` of `goal`, in words too."""

    tier: str
    value: int
    goal: int
    to_go: str


@dataclass(frozen=True, slots=True)
class MyCommission:
    """What stands under "Your commission". `upcoming` is announced, `is_new` pointed out."""

    terms: Terms
    words: TermsInWords
    upcoming: TermsInWords | None
    is_new: bool
    climb: Climb | None
    room: str


def commission_of(enrollment: Enrollment, history: TermsHistory, *, now: datetime) -> MyCommission:
    """The terms in force and the next ones. Two queries more where tiers or a cap count."""
    terms, currency = history.at(now), enrollment.offer.currency
    latest = history.latest
    on_tiers, on_cap = _reached(enrollment, terms)
    return MyCommission(
        terms=terms,
        words=TermsInWords.of(terms, currency, stands=on_tiers.tier(terms)),
        upcoming=TermsInWords.of(latest, currency) if latest.starts_at > now else None,
        is_new=terms.version > 1 and now - terms.starts_at < NEWS,
        climb=_climb(terms, on_tiers, currency) if terms.tiers else None,
        room=_left_under_cap(terms, on_cap, currency),
    )


def _reached(enrollment: Enrollment, terms: Terms) -> tuple[Reached, Reached]:
    """What counts towards the tiers, and what towards the cap, in their present periods."""
    if not terms.looks_back:
        return Reached(), Reached()
    day = today()
    progress = TierProgress.of([(enrollment.pk, terms, day)], current_zone())
    return (
        progress.for_tier(enrollment.pk, terms, day),
        progress.for_cap(enrollment.pk, terms, day),
    )


def _climb(terms: Terms, reached: Reached, currency: str) -> Climb:
    tiers = terms.tier_list
    stands = reached.tier(terms)
    name = tiers[stands - 1].name if stands else ""
    value = max(0, reached.towards(terms))
    if stands == len(tiers):
        return Climb(name, value, value, _("This is the highest tier."))
    following = tiers[stands]
    return Climb(name, value, following.threshold, _to_go(terms, following, value, currency))


def _to_go(terms: Terms, following: Tier, value: int, currency: str) -> str:
    missing = following.threshold - value
    if terms.tier_by == TierBy.CONVERSIONS:
        return ngettext(
            "%(count)s more conversion to reach %(tier)s",
            "%(count)s more conversions to reach %(tier)s",
            missing,
        ) % {"count": count(missing), "tier": following.name}
    amount = money(Money(missing, currency))
    return _("%(amount)s more in sales to reach %(tier)s") % {
        "amount": amount,
        "tier": following.name,
    }


def _left_under_cap(terms: Terms, reached: Reached, currency: str) -> str:
    """What the cap leaves."""
    left = reached.left_under_cap(terms)
    if left is None:
        return ""
    sentence = {
        Period.DAY: _("You can still earn %(amount)s today."),
        Period.MONTH: _("You can still earn %(amount)s this month."),
        Period.ALWAYS: _("You can still earn %(amount)s."),
    }[Period(terms.cap_period)]
    return sentence % {"amount": money(Money(left, currency))}
