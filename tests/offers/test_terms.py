"""Invalid commission structures are refused for every caller: page, command, other service."""

from __future__ import annotations

from dataclasses import replace

import pytest

from offers.structure import MAX_RULES, MAX_TIERS, Rate, Rule, RuleKind, Tier, falling_tiers
from offers.terms import OfferError, TermsValues, check_terms

GOOD = TermsValues(
    percent_bp=1_000,
    fixed_minor=200,
    tiers=(Tier("Silver", 100, 1_200), Tier("Gold", 200, 10_000)),
    rules=(Rule(RuleKind.PRODUCT, "GLOW", 0), Rule(RuleKind.CUSTOMER, "new", 500, 100)),
    cap_minor=1,
    hold_days=365,
)
MANY_TIERS = tuple(Tier(f"Tier {step}", step + 1) for step in range(MAX_TIERS + 1))
MANY_RULES = tuple(Rule(RuleKind.PRODUCT, f"P{step}", 1) for step in range(MAX_RULES + 1))


def test_what_can_be_is_let_through() -> None:
    check_terms(GOOD)
    check_terms(replace(GOOD, tiers=MANY_TIERS[:-1], rules=MANY_RULES[:-1]))


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("percent", {"percent_bp": 10_001}),
        ("percent", {"percent_bp": -1}),
        ("fixed", {"fixed_minor": -1}),
        ("fixed", {"fixed_minor": 10**15 + 1}),
        ("per_click", {"per_click_minor": -1}),
        ("hold_days", {"hold_days": 366}),
        ("cap", {"cap_minor": 0}),
        ("approval", {"approval": "perhaps"}),
        ("tier_by", {"tier_by": "luck"}),
        ("fixed_after_refund", {"fixed_after_refund": "half"}),
        ("tiers", {"tiers": (Tier("Gold", 1, 14_000),)}),
        ("tiers", {"tiers": (Tier("Gold", 200), Tier("Silver", 100))}),
        ("tiers", {"tiers": (Tier("Gold", 200), Tier("Silver", 200))}),
        ("tiers", {"tiers": (Tier("Gold", 200), Tier("GOLD", 300))}),
        ("tiers", {"tiers": (Tier(" ", 200),)}),
        ("tiers", {"tiers": (Tier("Gold", 0),)}),
        ("tiers", {"tiers": MANY_TIERS}),
        ("rules", {"rules": (Rule(RuleKind.PRODUCT, "GLOW", 14_000),)}),
        ("rules", {"rules": (Rule(RuleKind.PRODUCT, "A", 1), Rule(RuleKind.PRODUCT, "a", 2))}),
        ("rules", {"rules": (Rule(RuleKind.PRODUCT, "GLOW", 1, 5),)}),
        ("rules", {"rules": (Rule(RuleKind.CUSTOMER, "rich", 1),)}),
        ("rules", {"rules": (Rule(RuleKind.CODE, "x" * 121, 1),)}),
        ("rules", {"rules": MANY_RULES}),
    ],
)
def test_what_can_not_be_names_its_field(field: str, changes: dict[str, object]) -> None:
    with pytest.raises(OfferError) as refused:
        check_terms(replace(GOOD, **changes))  # type: ignore[arg-type]

    assert refused.value.field == field


NOTHING = TermsValues(
    tiers=(Tier("Silver", 100),), rules=(Rule(RuleKind.PRODUCT, "GLOW", 0),), cap_minor=1
)


def test_terms_that_pay_nothing_are_refused_until_it_is_confirmed() -> None:
    with pytest.raises(OfferError, match="these terms pay nothing") as refused:
        check_terms(NOTHING)

    assert refused.value.field == "may_pay_nothing"
    check_terms(replace(NOTHING, may_pay_nothing=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"percent_bp": 1},
        {"fixed_minor": 1},
        {"per_click_minor": 1},
        {"tiers": (Tier("Silver", 100, 1),)},
        {"tiers": (Tier("Silver", 100, 0, 1),)},
        {"rules": (Rule(RuleKind.CODE, "GLOW", 1),)},
        {"rules": (Rule(RuleKind.CODE, "GLOW", 0, 1),)},
    ],
)
def test_terms_of_which_a_part_pays_need_no_confirmation(changes: dict[str, object]) -> None:
    check_terms(replace(NOTHING, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("begins", "steps", "falling"),
    [
        ((1_000, 0), [(1_200, 0), (1_500, 0)], []),
        ((1_400, 0), [(1_300, 0), (1_500, 0)], ["1"]),
        ((1_000, 0), [(1_200, 0), (1_100, 0), (1_000, 0)], ["2", "3"]),
        ((1_000, 0), [(1_000, 0)], []),  # the same is not less
        ((1_000, 200), [(900, 300), (900, 250)], ["2"]),  # less of one, more of the other
        ((0, 500), [(0, 0)], ["1"]),
        ((1_000, 0), [], []),
    ],
)
def test_a_tier_that_pays_less_than_what_is_below_it_is_known(
    begins: tuple[int, int], steps: list[tuple[int, int]], falling: list[str]
) -> None:
    tiers = [Tier(str(step), 100 * step, *rate) for step, rate in enumerate(steps, start=1)]

    assert [tier.name for tier in falling_tiers(Rate(*begins), tiers)] == falling
