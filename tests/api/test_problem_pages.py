"""The `type` of every error leads to a page about it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from api.problem_pages import PROBLEMS
from tests.answers import page_text
from tests.api.shop import ORDERS, Shop
from tests.architecture.source import ROOT

CODE = re.compile(r"(?:ApiError\(\s*(?:\d+|\w+(?:\.\w+)*)\s*,\s*)\"([a-z_]+)\"")


def codes_in_the_code() -> set[str]:
    """Every code that a module of the API answers."""
    return {
        code
        for path in sorted((ROOT / "api").rglob("*.py"))
        for code in CODE.findall(path.read_text())
    }


def test_every_code_has_a_page_and_no_other() -> None:
    assert codes_in_the_code() == PROBLEMS.keys()


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_page_says_what_an_error_means(code: str) -> None:
    answer = Client().get(f"/api/problems/{code}")

    text = page_text(answer)
    assert answer.status_code == 200
    assert PROBLEMS[code].title in text
    assert str(PROBLEMS[code].status) in text


@pytest.mark.django_db
def test_the_type_of_an_error_leads_to_its_page(shop: Shop) -> None:
    said = shop.send(ORDERS, {}).json()

    page = Client().get(said["type"])

    assert said["type"].endswith("/api/problems/invalid_input")
    assert page.status_code == 200


def test_an_unknown_code_has_no_page() -> None:
    assert Client().get("/api/problems/nothing").status_code == 404
