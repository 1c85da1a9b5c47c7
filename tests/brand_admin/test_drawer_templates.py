"""Saved templates in the email drawer: start from one, save what is written as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page

from accounts.models import Brand
from core.tenancy import acting_for
from notifications.models import EmailTemplate, Purpose
from notifications.services import save_template
from tests.answers import Answer, page_text
from tests.brand_admin.desk import at, desk_of, queries_of, shown
from tests.brand_admin.drawer import ITEMS, carried, drawer, email_text
from tests.browser import click_into
from tests.cast import NOW, SYSTEM, Cast, assemble
from tests.snapshot import snapshot

OURS = {"subject": "News of {{ offer_name }}", "body": "<p>Hi {{ first_name | there }}!</p>"}
MINE = {"subject": "Mine", "body": "<p>Mine alone</p>"}


@pytest.fixture
def press(cast: Cast, theo: Client) -> Callable[..., Any]:
    """Press a button of a drawer that was just opened, with what is written in it."""

    def post(go: str, **written: str) -> Any:
        sent = carried(theo.get(drawer(cast))) | email_text() | {"go": go} | written
        return theo.post(at(cast.juniper, "compose"), sent)

    return post


def save(brand: Brand, name: str = "Monthly news", **changes: Any) -> EmailTemplate:
    fields = {"purpose": Purpose.EMAIL_MEMBERS, **OURS} | changes
    with acting_for(brand):
        return save_template(name=name, by=SYSTEM, now=NOW, **fields)


def saved(brand: Brand) -> list[tuple[str, str, str]]:
    with acting_for(brand):
        rows = EmailTemplate.objects.order_by("name")
        return list(rows.values_list("name", "subject", "body"))


def test_without_any_the_drawer_offers_the_texts_that_are_always_there(
    cast: Cast, theo: Client
) -> None:
    save(cast.juniper, purpose=Purpose.SALES_TRACKING_ITEMS)
    save(cast.saltmarsh)

    page = shown(theo.get(drawer(cast)))

    assert "Ask for payout details" in page
    assert "Monthly news" not in page
    assert "Welcome to {{ offer_name }} by {{ brand_name }}" in page


def test_the_drawer_opens_with_the_written_text_and_names_the_saved(
    cast: Cast, theo: Client
) -> None:
    row = save(cast.juniper)

    page = shown(theo.get(drawer(cast)))

    assert '<option value="" selected>Welcome</option>' in page
    assert f'<option value="{row.pk}">Monthly news</option>' in page
    assert "Welcome to {{ offer_name }} by {{ brand_name }}" in page
    assert "Start from" not in shown(theo.get(drawer(cast, purpose=ITEMS)))


def test_a_saved_text_is_used_at_once_while_nothing_is_lost(
    cast: Cast, press: Callable[..., Any]
) -> None:
    row = save(cast.juniper)

    page = shown(press("start", template=str(row.pk)))

    assert "News of {{ offer_name }}" in page
    assert f'<option value="{row.pk}" selected>' in page
    back = shown(press("start", template="", **OURS))
    assert "Welcome to {{ offer_name }} by {{ brand_name }}" in back


def test_what_was_written_is_replaced_only_once_that_is_said(
    cast: Cast, press: Callable[..., Any]
) -> None:
    row = save(cast.juniper)

    asked = shown(press("start", template=str(row.pk), **MINE))
    assert "Replace what you have written?" in asked
    assert "Mine alone" in asked
    assert "News of" not in asked

    replaced = shown(press("replace", template=str(row.pk), **MINE))
    assert "News of {{ offer_name }}" in replaced
    assert "Mine alone" not in replaced


def test_a_text_with_a_mistake_can_be_replaced(cast: Cast, press: Callable[..., Any]) -> None:
    row = save(cast.juniper)

    page = press("replace", template=str(row.pk), subject="", body="{{ nonsense")

    assert "News of {{ offer_name }}" in shown(page)


@pytest.mark.parametrize("go", ["start", "replace"])
def test_a_text_of_another_brand_or_purpose_or_none_is_not_found(
    cast: Cast, press: Callable[..., Any], go: str
) -> None:
    foreign = save(cast.saltmarsh)
    other = save(cast.juniper, purpose=Purpose.SALES_TRACKING_ITEMS)

    answers = [press(go, template=key) for key in (str(foreign.pk), str(other.pk), "999999", "x")]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({answer.content for answer in answers}) == 1


def test_what_is_written_is_saved_under_a_name(cast: Cast, press: Callable[..., Any]) -> None:
    asked = shown(press("name", **MINE))
    assert "Save as template" in asked
    assert "Mine alone" in asked

    page = shown(press("save", name="My text", **MINE))

    assert "Saved as “My text”." in page
    assert "Mine alone" in page
    assert saved(cast.juniper) == [("My text", "Mine", "<p>Mine alone</p>")]


def test_the_name_that_it_began_with_stands_there(cast: Cast, press: Callable[..., Any]) -> None:
    row = save(cast.juniper)

    assert 'value="Monthly news"' in shown(press("name", started=str(row.pk)))
    assert 'value="Monthly news"' not in shown(press("name"))


def test_overwriting_asks(cast: Cast, press: Callable[..., Any]) -> None:
    save(cast.juniper)
    before = snapshot()

    asked = press("save", name="monthly NEWS", **MINE)

    assert asked.status_code == 422
    page = page_text(asked)
    assert "There is already a template with this name" in page
    assert 'name="overwrite" value="Monthly news">Overwrite</button>' in page
    assert snapshot() == before

    press("save", name="monthly NEWS", overwrite="Monthly news", **MINE)
    assert saved(cast.juniper) == [("monthly NEWS", "Mine", "<p>Mine alone</p>")]


def version_in(asked: Answer) -> str:
    """The version that the question was about."""
    return str(carried(asked)["overwritten_version"])


def test_what_was_saved_while_it_was_asked_is_not_overwritten(
    cast: Cast, press: Callable[..., Any]
) -> None:
    save(cast.juniper)
    asked = press("save", name="Monthly news", **MINE)
    leave = {"overwrite": "Monthly news", "overwritten_version": version_in(asked)}
    save(cast.juniper, overwrite=True, subject="Meanwhile")
    before = snapshot()

    told = press("save", name="Monthly news", **(leave | MINE))

    assert told.status_code == 422
    assert "Meanwhile" in page_text(told)
    assert "Mine alone" in page_text(told)
    assert snapshot() == before
    leave["overwritten_version"] = version_in(told)
    press("save", name="Monthly news", **(leave | MINE))
    assert saved(cast.juniper) == [("Monthly news", "Mine", "<p>Mine alone</p>")]


def test_the_leave_to_overwrite_is_for_one_name(cast: Cast, press: Callable[..., Any]) -> None:
    save(cast.juniper)
    save(cast.juniper, "Second")
    before = snapshot()

    asked = press("save", name="Second", overwrite="Monthly news", **MINE)

    assert asked.status_code == 422
    assert snapshot() == before


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 81}, "Ensure this value has at most 80 characters"),
        ({"name": "A", "body": "<p>{{ frist_name }}</p>"}, "There is no variable “frist_name”"),
        ({"name": "A", "subject": "{{ first_name"}, "is never closed"),
    ],
)
def test_what_could_not_be_sent_is_not_saved(
    cast: Cast, press: Callable[..., Any], written: dict[str, str], message: str
) -> None:
    before = snapshot()

    page = press("save", **written)

    assert page.status_code == 422
    assert message in page_text(page)
    assert snapshot() == before


def test_who_only_reads_saves_nothing(cast: Cast, theo: Client) -> None:
    sent = carried(theo.get(drawer(cast))) | email_text() | {"go": "save", "name": "A"}
    vera, before = desk_of(cast.vera), snapshot()

    answer = vera.post(at(cast.juniper, "compose"), sent)

    assert answer.status_code == 403
    assert snapshot() == before


def test_one_saved_text_or_three_take_the_same_queries(cast: Cast, theo: Client) -> None:
    save(cast.juniper)
    theo.get(drawer(cast))
    one = queries_of(theo, drawer(cast))
    save(cast.juniper, "Second")
    save(cast.juniper, "Third")

    assert queries_of(theo, drawer(cast)) == one


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [1440, 390])
def test_saving_and_starting_from_it_in_a_browser(desk: Callable[..., Page], width: int) -> None:
    cast = assemble()
    page = desk(cast.ines, width=width, height=860)
    page.goto(at(cast.juniper, "offer_report", offer_id=cast.glow.pk))
    page.get_by_role("link", name="Email Members").click()
    click_into(page, ".editor-line", "Control+A")
    page.keyboard.type("Hello {{ first_name }}")

    page.get_by_role("button", name="Save as template").click()
    page.get_by_label("Name").fill("My hello")
    page.keyboard.press("Enter")
    page.get_by_text("Saved as “My hello”.").wait_for()

    page.get_by_label("Start from").select_option("Welcome")
    page.get_by_role("button", name="Use", exact=True).click()
    page.locator('.editor-line [data-variable="brand_name"]').wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog[data-drawer]").wait_for()
    page.get_by_label("Start from").select_option("My hello")
    page.get_by_role("button", name="Use", exact=True).click()
    page.locator('.editor-line [data-variable="first_name"]').wait_for()

    assert page.locator(".editor-line .ProseMirror").inner_text().strip() == "Hello first_name"
    assert [name for name, _, _ in saved(cast.juniper)] == ["My hello"]
