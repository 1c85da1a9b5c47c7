"""The list of background work: searched, filtered, sorted, and exported as it stands."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client

from accounts.actors import Actor
from background.models import Work
from background.work_requests import WorkRequest, request_work
from core.tenancy import acting_for
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, shown
from tests.cast import NOW, Cast

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def vera(cast: Cast) -> Client:
    """The browser of somebody who only reads."""
    return desk_of(cast.vera)


def asked(cast: Cast, kind: str, title: str, who: str, days_ago: int, **changes: object) -> None:
    with acting_for(cast.juniper):
        work, _ = request_work(
            WorkRequest(
                kind=kind, title=title, about="", total=10, parameters={},
                confirmation=uuid.uuid4(),
            ),
            by=Actor.system(who),
            now=NOW - timedelta(days=days_ago),
        )  # fmt: skip
        Work.objects.filter(pk=work.pk).update(**changes)


@pytest.fixture
def three(cast: Cast) -> None:
    asked(cast, "member_import", "Import of spring.csv", "Theo", 3, state="done", done=10)
    asked(cast, "export", "Export of members", "Ines", 2, state="failed", error="It stopped.")
    asked(cast, "run_draft", "Draft of a payout run", "Ines", 1)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["Draft of a payout run", "Export of members", "Import of spring.csv"]),
        ("?sort=when", ["Import of spring.csv", "Export of members", "Draft of a payout run"]),
        ("?q=ines+export", ["Export of members"]),
        ("?about=imports", ["Import of spring.csv"]),
        ("?about=exports", ["Export of members"]),
        ("?about=runs", ["Draft of a payout run"]),
        ("?about=items", []),
        ("?about=nonsense", ["Draft of a payout run", "Export of members", "Import of spring.csv"]),
        ("?state=failed", ["Export of members"]),
        ("?q=nobody", []),
    ],
)
def test_work_is_listed_and_exported_as_the_address_asks(
    cast: Cast, vera: Client, query: str, titles: list[str]
) -> None:
    page = vera.get(at(cast.juniper, "work_list") + query)

    assert [row.work.title for row in page.context["rows"]] == titles
    assert [line[0] for line in csv_of(vera.get(page.context["listing"].export_href))[1:]] == titles


@pytest.mark.usefixtures("three")
def test_a_line_of_the_export_says_what_came_of_it(cast: Cast, vera: Client) -> None:
    header, line = csv_of(vera.get(at(cast.juniper, "work_csv") + "?state=failed"))

    assert dict(zip(header, line, strict=True)) == {
        "what": "Export of members",
        "state": "failed",
        "done": "0",
        "total": "10",
        "left_out": "0",
        "asked_for_by": "Ines",
        "asked": "2026-11-18T12:00:00+00:00",
        "finished": "",
        "error": "It stopped.",
    }


@pytest.mark.usefixtures("three")
def test_where_nothing_matches_the_way_back_is_shown(cast: Cast, vera: Client) -> None:
    page = shown(vera.get(at(cast.juniper, "work_list") + "?q=nobody"))

    assert "No work matches" in page
    assert "Clear filters" in page


@pytest.mark.usefixtures("three")
def test_another_brand_has_none_of_it(cast: Cast) -> None:
    otto = desk_of(cast.otto)

    assert len(csv_of(otto.get(at(cast.saltmarsh, "work_csv")))) == 1
    assert otto.get(at(cast.juniper, "work_csv")).status_code == 404


def test_the_list_takes_the_same_queries_for_one_and_for_three(cast: Cast, vera: Client) -> None:
    asked(cast, "export", "Export of members", "Ines", 1)
    one = queries_of(vera, at(cast.juniper, "work_list"))
    asked(cast, "export", "Export of offers", "Ines", 1)
    asked(cast, "export", "Export of payments", "Ines", 1)

    assert (one, queries_of(vera, at(cast.juniper, "work_list"))) == (5, 5)


def test_it_is_found_from_every_page_while_nothing_runs(cast: Cast, vera: Client) -> None:
    page = shown(vera.get(at(cast.juniper, "home")))

    assert f'href="{at(cast.juniper, "work_list")}"' in page
