"""The laws of a commission."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.commission import Commission, Line, Sale, commission_of
from offers.models import Terms
from offers.structure import Rule, RuleKind, Tier
from offers.wording import describe, describe_fully, explain


@dataclass(frozen=True)
class SomeTerms:
    percent_bp: int = 0
    fixed_minor: int = 0
    tier_list: tuple[Tier, ...] = ()
    rule_list: tuple[Rule, ...] = ()
    fixed_after_refund: str = "whole"


RATES = st.integers(0, 10_000)
AMOUNTS = st.integers(0, 10**6)
SKUS, COLLECTIONS, CODES = ["A", "B", "C"], ["skin", "hair"], ["MARA", "LIA"]
RULES = st.one_of(
    st.builds(Rule, st.just(RuleKind.PRODUCT), st.sampled_from(SKUS), RATES),
    st.builds(Rule, st.just(RuleKind.COLLECTION), st.sampled_from(COLLECTIONS), RATES),
    st.builds(Rule, st.just(RuleKind.CODE), st.sampled_from(CODES), RATES, AMOUNTS),
    st.builds(
        Rule, st.just(RuleKind.CUSTOMER), st.sampled_from(["new", "returning"]), RATES, AMOUNTS
    ),
)
TIERS = st.lists(st.builds(Tier, st.just("Gold"), st.integers(1, 9), RATES, AMOUNTS), max_size=3)
TERMS = st.builds(
    SomeTerms,
    RATES,
    AMOUNTS,
    TIERS.map(tuple),
    st.lists(RULES, max_size=5, unique_by=lambda rule: rule.key).map(tuple),
    st.sampled_from(["whole", "share"]),
)


@st.composite
def terms_and_sales(draw: st.DrawFn) -> tuple[SomeTerms, Sale]:
    """Terms, and a sale of some products under them, part of it refunded."""
    terms = draw(TERMS)
    lines = []
    for sku in draw(st.lists(st.sampled_from(SKUS), unique=True, min_size=1)):
        sold = draw(st.integers(0, 10**9))
        collections = draw(st.lists(st.sampled_from(COLLECTIONS), unique=True))
        lines.append(Line(sku, tuple(collections), sold, draw(st.integers(0, sold))))
    sale = Sale(
        sold_minor=sum(line.sold_minor for line in lines),
        refunded_minor=sum(line.refunded_minor for line in lines),
        tier=draw(st.integers(0, len(terms.tier_list))),
        code=draw(st.sampled_from(["", *CODES])),
        customer=draw(st.sampled_from(["", "new", "returning"])),
        left_under_cap_minor=draw(st.none() | st.integers(0, 10**8)),
        lines=tuple(lines),
    )
    return terms, sale


def with_refund(sale: Sale, position: int, minor: int) -> Sale:
    """The sale with so much more of one product given back, as far as there is any."""
    lines = list(sale.lines)
    line = lines[position % len(lines)]
    more = min(minor, line.kept_minor)
    lines[position % len(lines)] = replace(line, refunded_minor=line.refunded_minor + more)
    return replace(sale, lines=tuple(lines), refunded_minor=sale.refunded_minor + more)


def earned(terms: SomeTerms, sale: Sale) -> int:
    return commission_of(terms=terms, sale=sale).minor


@given(terms_and_sales())
def test_never_negative_and_never_above_the_room(given_: tuple[SomeTerms, Sale]) -> None:
    terms, sale = given_

    minor = earned(terms, sale)

    assert minor >= 0
    assert sale.left_under_cap_minor is None or minor <= sale.left_under_cap_minor


@given(terms_and_sales())
def test_refunding_everything_brings_it_to_zero(given_: tuple[SomeTerms, Sale]) -> None:
    terms, sale = given_
    for position, line in enumerate(sale.lines):
        sale = with_refund(sale, position, line.kept_minor)

    assert earned(terms, sale) == 0


@given(terms_and_sales(), st.integers(0, 2), st.integers(0, 10**9))
def test_refunding_more_never_earns_more(
    given_: tuple[SomeTerms, Sale], position: int, more: int
) -> None:
    terms, sale = given_

    assert earned(terms, with_refund(sale, position, more)) <= earned(terms, sale)


@given(terms_and_sales(), st.permutations(list(range(4))), st.lists(AMOUNTS, min_size=4))
def test_the_order_of_refunds_does_not_matter(
    given_: tuple[SomeTerms, Sale], order: list[int], amounts: list[int]
) -> None:
    """Refunds that fit: of each position one, in any order."""
    terms, sale = given_
    one_by_one = another_way = sale
    for position in range(len(sale.lines)):
        one_by_one = with_refund(one_by_one, position, amounts[position])
    for position in (one for one in order if one < len(sale.lines)):
        another_way = with_refund(another_way, position, amounts[position])

    assert commission_of(terms=terms, sale=one_by_one) == commission_of(
        terms=terms, sale=another_way
    )


@given(terms_and_sales())
def test_the_explanations_parts_add_up(given_: tuple[SomeTerms, Sale]) -> None:
    terms, sale = given_

    commission = commission_of(terms=terms, sale=sale)

    parts = sum(step["amount"] for step in commission.steps if step["step"] in {"percent", "fixed"})
    capped = [step for step in commission.steps if step["step"] == "capped"]
    assert parts == (capped[0]["base"] if capped else commission.minor)
    assert commission.steps[-1]["amount"] == commission.minor


@given(terms_and_sales(), st.integers(1, 10**12))
def test_more_room_never_earns_less(given_: tuple[SomeTerms, Sale], more: int) -> None:
    terms, sale = given_
    roomier = replace(
        sale,
        left_under_cap_minor=None
        if sale.left_under_cap_minor is None
        else sale.left_under_cap_minor + more,
    )

    assert earned(terms, roomier) >= earned(terms, sale)


def told(commission: Commission) -> list[str]:
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in explain(commission.steps, "GBP")]


def test_a_commission_explains_itself_line_by_line() -> None:
    commission = commission_of(
        terms=SomeTerms(percent_bp=1_200, fixed_minor=200),
        sale=Sale(sold_minor=9_420, refunded_minor=1_000),
    )

    assert commission.minor == 1_210
    assert told(commission) == [
        "£94.20 sold \N{MINUS SIGN} £10.00 refunded = £84.20",
        "£84.20 of products that count \N{MULTIPLICATION SIGN} 12% = £10.10",
        "£2.00 for the conversion",
        "Total: £12.10",
    ]


def test_a_fixed_amount_is_in_proportion_if_the_terms_say_so() -> None:
    """30% and two pounds of which 84.20 of 94.20 was kept: 25.26 + 1.7877, rounded once."""
    terms = SomeTerms(percent_bp=3_000, fixed_minor=200, fixed_after_refund="share")

    whole = commission_of(terms=terms, sale=Sale(sold_minor=9_420))
    partly = commission_of(terms=terms, sale=Sale(sold_minor=9_420, refunded_minor=1_000))
    nothing = commission_of(terms=terms, sale=Sale(sold_minor=9_420, refunded_minor=9_420))

    assert (whole.minor, partly.minor, nothing.minor) == (3_026, 2_705, 0)
    assert told(whole)[1] == "£2.00 for the conversion"
    assert told(partly)[1:] == [
        "£84.20 of products that count \N{MULTIPLICATION SIGN} 30% = £25.26",
        "£2.00 for the conversion, in proportion to what was kept: £1.79",
        "Total: £27.05",
    ]


def test_the_amount_of_a_rule_is_in_proportion_too() -> None:
    terms = SomeTerms(
        rule_list=(Rule(RuleKind.CUSTOMER, "new", 0, 1_000),), fixed_after_refund="share"
    )

    commission = commission_of(
        terms=terms, sale=Sale(sold_minor=300, refunded_minor=100, customer="new")
    )

    assert told(commission) == [
        "£3.00 sold \N{MINUS SIGN} £1.00 refunded = £2.00",
        "£10.00 for the conversion (new customer), in proportion to what was kept: £6.67",
    ]


@given(terms_and_sales())
def test_a_share_of_the_fixed_amount_is_never_more_than_the_whole(
    given_: tuple[SomeTerms, Sale],
) -> None:
    terms, sale = given_

    share = earned(replace(terms, fixed_after_refund="share"), sale)
    whole = earned(replace(terms, fixed_after_refund="whole"), sale)

    assert share <= whole
    assert share == whole or sale.refunded_minor


@pytest.mark.parametrize(
    ("changes", "is_said"),
    [
        ({"fixed_minor": 200}, True),
        ({"tiers": [{"name": "Gold", "threshold": 9, "percent_bp": 0, "fixed_minor": 1}]}, True),
        ({}, False),
        ({"fixed_minor": 200, "fixed_after_refund": "whole"}, False),
    ],
)
def test_terms_say_that_the_amount_falls_with_a_refund(
    changes: dict[str, Any], is_said: bool
) -> None:
    terms = Terms(**{"percent_bp": 1_000, "fixed_after_refund": "share"} | changes)

    assert (
        "the amount for the sale falls in proportion" in describe_fully(terms, "GBP")
    ) is is_said


def test_a_tier_says_its_name() -> None:
    terms = SomeTerms(percent_bp=1_000, tier_list=(Tier("Gold", 100_000, percent_bp=1_200),))

    commission = commission_of(terms=terms, sale=Sale(sold_minor=8_420, tier=1))

    assert told(commission) == [
        "£84.20 of products that count \N{MULTIPLICATION SIGN} 12% (tier Gold) = £10.10"
    ]


def test_a_rule_wins_over_the_terms_rate_even_when_that_pays_more() -> None:
    terms = SomeTerms(percent_bp=1_000, rule_list=(Rule(RuleKind.PRODUCT, "gift", 0),))
    lines = (Line("GLOW", (), 5_000), Line("GIFT", (), 2_000))

    commission = commission_of(terms=terms, sale=Sale(sold_minor=7_000, lines=lines))

    assert told(commission) == [
        "£50.00 of products that count \N{MULTIPLICATION SIGN} 10% = £5.00",
        "£20.00 of products that count \N{MULTIPLICATION SIGN} 0% (product gift) = £0.00",
        "Total: £5.00",
    ]


def test_of_two_rules_for_a_line_the_better_one_wins() -> None:
    terms = SomeTerms(
        percent_bp=3_000,
        rule_list=(
            Rule(RuleKind.PRODUCT, "GLOW", 500),
            Rule(RuleKind.COLLECTION, "skin", 800),
            Rule(RuleKind.CUSTOMER, "new", 200, 1_000),
        ),
    )
    lines = (Line("GLOW", ("Skin",), 10_000), Line("OTHER", (), 10_000))

    commission = commission_of(
        terms=terms, sale=Sale(sold_minor=20_000, customer="new", lines=lines)
    )

    assert told(commission) == [
        "£100.00 of products that count \N{MULTIPLICATION SIGN} 2% (new customer) = £2.00",
        "£100.00 of products that count \N{MULTIPLICATION SIGN} 8% (collection skin) = £8.00",
        "£10.00 for the conversion (new customer)",
        "Total: £20.00",
    ]


def test_of_two_rules_for_the_order_the_one_that_pays_more_wins_wholly() -> None:
    terms = SomeTerms(
        rule_list=(
            Rule(RuleKind.CODE, "mara", 1_000),
            Rule(RuleKind.CUSTOMER, "returning", 0, 700),
        )
    )

    small = commission_of(
        terms=terms, sale=Sale(sold_minor=1_000, code="MARA", customer="returning")
    )
    large = commission_of(
        terms=terms, sale=Sale(sold_minor=9_000, code="MARA", customer="returning")
    )

    assert (small.minor, large.minor) == (700, 900)
    assert told(large)[0].endswith("10% (code mara) = £9.00")


def test_a_cap_says_what_it_left() -> None:
    commission = commission_of(
        terms=SomeTerms(percent_bp=1_000), sale=Sale(sold_minor=50_000, left_under_cap_minor=1_250)
    )

    assert told(commission) == [
        "£500.00 of products that count \N{MULTIPLICATION SIGN} 10% = £50.00",
        "The cap reduces £50.00 to £12.50",
    ]


def test_each_rate_gets_its_share_of_one_rounding() -> None:
    """Half a penny twice is one penny, not two."""
    terms = SomeTerms(percent_bp=5_000, rule_list=(Rule(RuleKind.PRODUCT, "A", 5_000),))
    lines = (Line("A", (), 1), Line("B", (), 1))

    commission = commission_of(terms=terms, sale=Sale(sold_minor=2, lines=lines))

    assert commission.minor == 1
    assert [step["amount"] for step in commission.steps] == [1, 0, 1]


@pytest.mark.parametrize(
    ("percent_bp", "fixed_minor", "is_promised"),
    [(1_500, 0, True), (1_000, 200, True), (1_000, 0, False), (900, 1_000, False)],
)
def test_only_a_tier_that_never_pays_less_is_promised(
    percent_bp: int, fixed_minor: int, is_promised: bool
) -> None:
    """A lower percentage with a fixed amount pays more for a cheap sale, less for a dear one."""
    gold = {"name": "Gold", "threshold": 9, "percent_bp": percent_bp, "fixed_minor": fixed_minor}

    said = describe(Terms(percent_bp=1_000, tiers=[gold]), "GBP")

    assert ("up to" in said) is is_promised
