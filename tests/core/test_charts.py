"""The geometry of a chart: round scales, bars that add up, nothing lost."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from core.charts import BarChart, Point, Series, bar_chart
from tests.answers import as_one_line


def chart(*values: int) -> BarChart:
    points = tuple(Point(f"{day} Nov", value, f"£{value}") for day, value in enumerate(values, 1))
    return bar_chart(Series("Earnings", points, show=lambda value: f"£{value}"))


def share(text: str) -> float:
    return float(text.removesuffix("%"))


def test_bars_stand_on_a_round_scale() -> None:
    found = chart(10, 40, 20)

    assert [tick.shown for tick in found.ticks] == ["£0", "£10", "£20", "£30", "£40"]
    assert [(bar.y, bar.height) for bar in found.bars] == [
        ("75%", "25%"),
        ("0%", "100%"),
        ("50%", "50%"),
    ]


def test_negative_values_hang_below_zero() -> None:
    found = chart(30, -10)

    assert [tick.shown for tick in found.ticks] == ["£-10", "£0", "£10", "£20", "£30"]
    assert [(bar.y, bar.height, bar.is_negative) for bar in found.bars] == [
        ("0%", "75%", False),
        ("75%", "25%", True),
    ]


def test_nothing_yet_is_one_line_and_says_so() -> None:
    found = chart(0, 0)

    assert found.is_empty
    assert [(tick.shown, tick.y) for tick in found.ticks] == [("£0", "100%")]
    assert found.summary == "Earnings, 1 Nov to 2 Nov: nothing yet"


def test_a_small_value_beside_a_large_one_is_seen() -> None:
    assert share(chart(1, 1_000_000).bars[0].height) == 0.8


def test_the_summary_names_the_highest_and_the_last() -> None:
    assert chart(1, 9, 4).summary == "Earnings, 1 Nov to 3 Nov: highest £9 on 2 Nov, last £4"
    assert chart(5).summary == "Earnings: £5 (1 Nov)"


def test_labels_stand_at_equal_distances_and_under_the_last_bar() -> None:
    assert [label.text for label in chart(*range(1, 10)).labels] == [
        "1 Nov", "3 Nov", "5 Nov", "7 Nov", "9 Nov",
    ]  # fmt: skip
    assert [label.text for label in chart(*range(1, 31)).labels] == [
        "6 Nov", "14 Nov", "22 Nov", "30 Nov",
    ]  # fmt: skip
    assert [label.text for label in chart(3).labels] == ["1 Nov"]


def test_the_line_of_earlier_values_shares_the_scale() -> None:
    points = (Point("1 Nov", 10, "£10", 40, "£40"), Point("2 Nov", 20, "£20", 0, "£0"))
    found = bar_chart(Series("Earnings", points, show=lambda value: f"£{value}"))

    assert found.earlier == "25.00,0.00 75.00,100.00"
    assert [bar.height for bar in found.bars] == ["25%", "50%"]
    assert found.bars[0].earlier_shown == "£40"
    assert chart(1, 2).earlier == ""


def test_a_chart_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one point"):
        chart()


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=400))
def test_every_bar_stays_inside_the_drawing(values: list[int]) -> None:
    found = chart(*values)

    assert len(found.bars) == len(values)
    assert 1 <= len(found.ticks) <= 7
    for bar in found.bars:
        assert share(bar.y) >= -0.02
        assert share(bar.y) + share(bar.height) <= 100.9
        assert share(bar.x) >= 0
        assert share(bar.x) + share(bar.width) <= 100.02


def test_the_drawing_has_a_name_and_the_numbers_as_a_table() -> None:
    drawn = {"chart": chart(10, 20), "column": "Day"}
    html = as_one_line(render_to_string("components/bar_chart.html", drawn))

    assert f'role="img" aria-label="{chart(10, 20).summary}"' in html
    assert '<th scope="row">1 Nov</th><td>£10</td>' in html
    assert "style=" not in html
