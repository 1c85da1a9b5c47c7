"""The card "Your commission": terms in sentences, the tier, and the way to the next tier."""

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
from offers.structure import CapPeriod, Tier, TierBy
from offers.wording import describe_beginning, describe_fully, describe_rules, describe_tiers
from tracking.commissions.tier_progress import Reached, TierProgress
from tracking.figures.metrics import today

NEW_TERMS_SHOWN_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TermsInWords:
    """One version in words: a sentence, and a line per tier and rule."""

    sentence: str
    tiers: tuple[str, ...]
    rules: tuple[str, ...]
    starts_at: datetime

    @classmethod
    def of(cls, terms: Terms, currency: str, *, reached: int = 0) -> TermsInWords:
        """Describe terms for a member in the tier `reached`, counted from 1; 0 is no tier."""
        tiers = describe_tiers(terms, currency)
        return cls(
            sentence=describe_fully(
                terms, currency, tier=terms.tier_list[reached - 1] if reached else None
            ),
            tiers=(describe_beginning(terms, currency), *tiers) if reached else tuple(tiers),
            rules=tuple(describe_rules(terms, currency)),
            starts_at=terms.starts_at,
        )


@dataclass(frozen=True, slots=True)
class Climb:
    """A member's tier, and the progress to the next: `value` of `goal`, and `to_go` in words."""

    tier: str
    value: int
    goal: int
    to_go: str


@dataclass(frozen=True, slots=True)
class CommissionCard:
    """The contents of the card. `upcoming`: the next terms; `is_new`: the terms began recently."""

    terms: Terms
    words: TermsInWords
    upcoming: TermsInWords | None
    is_new: bool
    climb: Climb | None
    left_under_cap: str


def commission_card(
    enrollment: Enrollment, history: TermsHistory, *, now: datetime
) -> CommissionCard:
    """Return the terms in force and the next ones. Two more queries with tiers or a cap."""
    terms, currency = history.at(now), enrollment.offer.currency
    planned = history.planned(now)
    on_tiers, on_cap = _reached(enrollment, terms)
    return CommissionCard(
        terms=terms,
        words=TermsInWords.of(terms, currency, reached=on_tiers.tier(terms)),
        upcoming=TermsInWords.of(planned[0], currency) if planned else None,
        is_new=terms.version > 1 and now - terms.starts_at < NEW_TERMS_SHOWN_FOR,
        climb=_climb(terms, on_tiers, currency) if terms.tiers else None,
        left_under_cap=_left_under_cap(terms, on_cap, currency),
    )


def _reached(enrollment: Enrollment, terms: Terms) -> tuple[Reached, Reached]:
    """What counts towards tiers and towards the cap in the current periods."""
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
    number = reached.tier(terms)
    name = tiers[number - 1].name if number else ""
    value = max(0, reached.towards(terms))
    if number == len(tiers):
        return Climb(name, value, value, _("This is the highest tier."))
    following = tiers[number]
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
    """A sentence with what the member can still earn; "" without a cap."""
    left = reached.left_under_cap(terms)
    if left is None:
        return ""
    sentence = {
        CapPeriod.DAY: _("You can still earn %(amount)s today."),
        CapPeriod.MONTH: _("You can still earn %(amount)s this month."),
        CapPeriod.ALWAYS: _("You can still earn %(amount)s."),
    }[CapPeriod(terms.cap_period)]
    return sentence % {"amount": money(Money(left, currency))}
