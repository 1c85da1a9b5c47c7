"""No range of days in an address fails, hangs, or shows what is outside of a brand's history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.architecture.routes import in_brand_admin, routes
from tests.architecture.test_urls import body, browser
from tests.architecture.world import World
from tests.portal.conftest import path_of
from tracking.figures.periods import ChosenPeriod

DAYS = ("0001-01-01", "0026-06-15", "1900-02-28", "2026-11-19", "9999-12-31", "garbage", "")
EARLIEST, ROMAN, OLD, FACT, LATEST, GARBAGE, NONE = DAYS
RANGES = (
    (EARLIEST, LATEST), (EARLIEST, EARLIEST), (EARLIEST, FACT), (EARLIEST, NONE), (ROMAN, ROMAN),
    (ROMAN, FACT), (OLD, LATEST), (FACT, LATEST), (FACT, OLD), (LATEST, LATEST),
    (LATEST, EARLIEST), (GARBAGE, LATEST), (EARLIEST, GARBAGE), (NONE, LATEST), (NONE, NONE),
)  # fmt: skip
WIDEST = (RANGES[0], RANGES[5], RANGES[10], RANGES[11])  # and reversed, and garbage


def queries(ranges: Iterable[tuple[str, str]] = RANGES) -> list[str]:
    return [urlencode({"range": "custom", "first": first, "last": last}) for first, last in ranges]


def test_every_page_and_export_of_a_brand_takes_every_range(world: World) -> None:
    """The pages that read days take several, every other page the widest."""
    owner, taking = browser(world.cast.ines), set()
    for route in in_brand_admin():
        address = route.address(world.own_values())
        widest, *others = queries(WIDEST)
        answer = owner.get(f"{address}?{widest}")
        assert answer.status_code < 500, address
        if takes_days(body(answer)):
            taking.add(route.name)
            for query in others:
                answer = owner.get(f"{address}?{query}")
                body(answer)
                assert answer.status_code == 200, (address, query)
                assert is_within(answer.context), (address, query)

    assert {"reporting", "offer_report", "settings_audit", "payments_sent"} <= taking


def is_within(context: Any) -> bool:
    """Whether the days that a page shows figures of are the brand's own, if it shows any."""
    chosen = context.get("chosen")
    if not isinstance(chosen, ChosenPeriod):
        return True
    first, last = chosen.period.first, chosen.period.last
    return first is not None and last is not None and first.year == last.year == 2026


def takes_days(page: bytes) -> bool:
    return b'name="first"' in page or b"range=custom" in page


@pytest.mark.parametrize("name", ["reporting", "reporting_csv", "offer_report", "offer_export"])
def test_the_figures_take_every_range(world: World, name: str) -> None:
    owner = browser(world.cast.ines)
    [route] = [one for one in in_brand_admin() if one.name == name]
    address = route.address(world.own_values())
    for query in queries():
        answer = owner.get(f"{address}?{query}")
        body(answer)
        assert answer.status_code == 200, query


def test_a_dashboard_takes_every_range(world: World) -> None:
    visitor, path = browser(), path_of(world.cast.mara_in_glow)
    own = [route for route in routes() if route.pattern.startswith("d/<str:token>")]
    assert len(own) > 5
    for query in queries():
        page = visitor.get(f"{path}?{query}")
        assert page.status_code == 200, query
        period = page.context["chosen"].period
        assert period.first is not None
        assert period.first.year >= 2026


def test_the_portal_and_the_api_read_no_days(world: World) -> None:
    """If they read days one day, these go through `choose` or `bounds` of figures.periods too."""
    creator = browser(world.cast.ines)
    widest = urlencode({"range": "custom", "first": "0001-01-01", "last": "9999-12-31"})
    for route in routes():
        if route.pattern.startswith(("portal/", "api/")) and not route.parameters:
            answer = creator.get(f"/{route.pattern}?{widest}")
            assert answer.status_code < 500, route


def test_a_question_about_an_order_of_any_year_is_answered(world: World) -> None:
    visitor, path = browser(), path_of(world.cast.mara_in_glow)
    for day in DAYS:
        sent = {"order_reference": "1001", "ordered_on": day, "note": ""}
        assert visitor.post(f"{path}/questions", sent).status_code in {200, 302, 422, 429}, day


@pytest.mark.parametrize("field", ["starts_on", "ends_on"])
def test_an_offer_and_its_terms_take_no_day_that_can_t_be(world: World, field: str) -> None:
    owner = browser(world.cast.ines)
    for day in DAYS:
        for route in in_brand_admin():
            if route.name in {"offer_edit", "offer_new", "terms_new"}:
                sent = {"name": "X", field: day, "percent": "10"}
                answer = owner.post(route.address(world.own_values()), sent)
                assert answer.status_code < 500, (route, day)
