"""The pages on the way into the product that no other journey passes: no fault of layout or axe."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from accounts import one_time_login
from tests.cast import Cast
from tests.inspection import faults_of, prepare
from tests.journeys.conftest import OpenPage
from tests.journeys.devices import on_a
from tests.security.people import gather

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@on_a("phone")
def test_a_one_time_link(cast: Cast, device: dict[str, Any], open_page: OpenPage) -> None:
    page = prepare(open_page(**device), is_shown_on_both=True)

    page.goto(f"/once/{one_time_login.make_token(cast.ines)}")

    assert faults_of(page, "the one-time link") == []
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile("/admin/juniper/$"))


@on_a("desktop")
def test_an_operator_is_told_why_and_how(
    cast: Cast, device: dict[str, Any], desk: Callable[..., Page]
) -> None:
    operator = gather(cast).operator
    page = prepare(desk(operator, **device), is_shown_on_both=True)
    page.goto("/platform/")
    assert faults_of(page, "an operator who used no second factor") == []
    expect(page.get_by_role("link", name="Enter a code from my app")).to_be_visible()

    Authenticator.objects.filter(user=operator).delete()
    page.goto("/platform/")

    assert faults_of(page, "an operator without a second factor") == []
    expect(page.get_by_role("link", name="Set up an authenticator app")).to_be_visible()
