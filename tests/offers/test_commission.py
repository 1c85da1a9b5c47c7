"""The laws of a commission."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from offers.commission import commission_of
from offers.wording import explain


@dataclass(frozen=True)
class SomeTerms:
    percent_bp: int = 0
    fixed_minor: int = 0


TERMS = st.builds(SomeTerms, st.integers(0, 10_000), st.integers(0, 10**6))
SALES = st.integers(0, 10**12)


@st.composite
def sales_and_refunds(draw: st.DrawFn) -> tuple[int, int]:
    sale = draw(SALES)
    return sale, draw(st.integers(0, sale))


@given(TERMS, sales_and_refunds())
def test_never_negative(terms: SomeTerms, amounts: tuple[int, int]) -> None:
    assert commission_of(terms=terms, sale_minor=amounts[0], refunded_minor=amounts[1]).minor >= 0


@given(TERMS, SALES)
def test_refunding_everything_brings_it_to_zero(terms: SomeTerms, sale: int) -> None:
    assert commission_of(terms=terms, sale_minor=sale, refunded_minor=sale).minor == 0


@given(TERMS, sales_and_refunds(), st.integers(0, 10**6))
def test_refunding_more_never_earns_more(
    terms: SomeTerms, amounts: tuple[int, int], more: int
) -> None:
    sale, refunded = amounts
    less = commission_of(terms=terms, sale_minor=sale, refunded_minor=min(sale, refunded + more))

    assert less.minor <= commission_of(terms=terms, sale_minor=sale, refunded_minor=refunded).minor


@given(TERMS, sales_and_refunds())
def test_the_explanations_parts_add_up(terms: SomeTerms, amounts: tuple[int, int]) -> None:
    earned = commission_of(terms=terms, sale_minor=amounts[0], refunded_minor=amounts[1])

    parts = [step["amount"] for step in earned.steps if step["step"] in {"percent", "fixed"}]
    assert sum(parts) == earned.minor


def test_a_commission_explains_itself_line_by_line() -> None:
    earned = commission_of(
        terms=SomeTerms(percent_bp=1_200, fixed_minor=200), sale_minor=9_420, refunded_minor=1_000
    )

    assert earned.minor == 1_210
    assert explain(earned.steps, "GBP") == [
        "£94.20 sold \N{MINUS SIGN} £10.00 refunded = £84.20",
        "£84.20 of eligible lines \N{MULTIPLICATION SIGN} 12\N{NO-BREAK SPACE}% = £10.10",
        "£2.00 for the conversion",
        "Together £12.10",
    ]
