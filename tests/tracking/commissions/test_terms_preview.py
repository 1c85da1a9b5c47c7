"""What other terms would have paid on what happened."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import Sum

from core.tenancy import acting_for
from offers.models import Enrollment
from offers.services import create_offer, enroll
from offers.structure import Rule, RuleKind, Tier
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, offer_values, order, refund
from tracking.commissions.terms_preview import preview_terms
from tracking.links.promo_codes import give_codes
from tracking.models import Conversion
from tracking.orders.approval import reject_conversions
from tracking.orders.recording import record_order
from tracking.orders.refunds import record_refund

LATER = NOW + timedelta(hours=1)
STRUCTURES = [
    TermsValues(percent_bp=1_750, fixed_minor=30),
    TermsValues(percent_bp=500, tiers=(Tier("Silver", 20_000, 900), Tier("Gold", 40_000, 1_300))),
    TermsValues(tiers=(Tier("Busy", 3, fixed_minor=700),), tier_by="conversions"),
    TermsValues(percent_bp=1_000, rules=(Rule(RuleKind.PRODUCT, "GLOW-1", 250),)),
    TermsValues(percent_bp=1_000, rules=(Rule(RuleKind.CUSTOMER, "new", 0, 900),)),
    TermsValues(percent_bp=5_000, cap_minor=6_000, cap_period="day"),
]


def sell(code: str) -> None:
    """Six orders of two customers, two orders a day."""
    for number in range(6):
        facts = order(
            f"{code}-{number}",
            amount="99.90",
            promo_code=code,
            customer_id=f"{code}-{number % 2}",
            ordered_at=(NOW - timedelta(days=3 - number // 2, minutes=-number)).isoformat(),
        )
        record_order(source="api", order=facts, by=SYSTEM, now=NOW)


def in_another_offer(cast: Cast, values: TermsValues) -> Enrollment:
    offer = create_offer(values=offer_values(name="Compared"), terms=values, by=SYSTEM, now=NOW)
    joined = enroll(offer=offer, members=[cast.mara], by=SYSTEM, now=NOW)
    give_codes(codes={joined[0].pk: "OTHER"}, enrollments=joined, by=SYSTEM, now=NOW)
    return joined[0]


def earnable(enrollment: Enrollment) -> int:
    rows = Conversion.objects.filter(enrollment=enrollment)
    return rows.aggregate(total=Sum("earnable_minor"))["total"] or 0


@pytest.mark.parametrize("values", STRUCTURES)
def test_it_is_what_an_offer_with_these_terms_pays(cast: Cast, values: TermsValues) -> None:
    with acting_for(cast.juniper):
        other = in_another_offer(cast, values)
        sell("MARA15")
        sell("OTHER")

        preview = preview_terms(offer=cast.glow, terms=values.as_terms(), now=LATER)

        assert preview.before_minor == earnable(cast.mara_in_glow) == 5_994
        assert preview.after_minor == earnable(other) != 5_994
    assert (preview.conversions, preview.is_all) == (6, True)


def test_it_counts_what_was_kept_and_says_who_gains(cast: Cast) -> None:
    with acting_for(cast.juniper):
        sell("MARA15")
        sell("DIEGO10")
        record_refund(
            source="api", refund=refund("R", "MARA15-0", amount="49.95"), by=SYSTEM, now=NOW
        )
        first = Conversion.objects.get(order__external_id="DIEGO10-0")
        reject_conversions(conversion_ids=[first.pk], reason="No", by=SYSTEM, now=NOW)
        terms = TermsValues(percent_bp=1_000, rules=(Rule(RuleKind.CODE, "MARA15", 2_000),))

        preview = preview_terms(offer=cast.glow, terms=terms.as_terms(), now=LATER)

    assert (preview.before_minor, preview.after_minor) == (5_495 + 4_995, 10_989 + 4_995)
    assert (preview.conversions, preview.gaining, preview.losing) == (11, 1, 0)
    assert [str(one.enrollment.member) for one in preview.largest] == ["Mara Lindqvist"]


def test_what_was_before_the_90_days_counts_towards_tiers_only(cast: Cast) -> None:
    terms = TermsValues(percent_bp=100, tiers=(Tier("Gold", 59_940, 1_000),))
    with acting_for(cast.juniper):
        sell("MARA15")
        much_later = NOW + timedelta(days=91)
        late = order("late", amount="100.00", ordered_at=much_later.isoformat())
        record_order(source="api", order=late, by=SYSTEM, now=much_later)

        preview = preview_terms(offer=cast.glow, terms=terms.as_terms(), now=much_later)

    assert (preview.conversions, preview.after_minor) == (1, 1_000)


def test_an_offer_without_conversions_has_nothing_to_compare(cast: Cast) -> None:
    with acting_for(cast.juniper):
        preview = preview_terms(
            offer=cast.glow, terms=TermsValues(percent_bp=1_000).as_terms(), now=NOW
        )

    assert (preview.conversions, preview.before_minor, preview.largest) == (0, 0, ())
