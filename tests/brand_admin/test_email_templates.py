"""Settings → Email templates: list, new, change, rename, delete."""

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
from tests.answers import page_text
from tests.brand_admin.desk import at, desk_of, queries_of, shown
from tests.brand_admin.drawer import ITEMS, MEMBERS, email_text
from tests.browser import click_into
from tests.cast import NOW, SYSTEM, Cast, assemble
from tests.snapshot import snapshot

TEXT = {"subject": "News of {{ offer_name }}", "body": "<p>Hi {{ first_name | there }}!</p>"}


def save(brand: Brand, name: str = "Monthly news", **changes: Any) -> EmailTemplate:
    fields = {"purpose": Purpose.EMAIL_MEMBERS, **TEXT} | changes
    with acting_for(brand):
        return save_template(name=name, by=SYSTEM, now=NOW, **fields)


def names(brand: Brand) -> list[str]:
    with acting_for(brand):
        return list(EmailTemplate.objects.order_by("name").values_list("name", flat=True))


def test_the_list_shows_the_written_texts_and_the_brands_own(cast: Cast, theo: Client) -> None:
    save(cast.juniper)
    save(cast.saltmarsh, "Theirs")

    page = shown(theo.get(at(cast.juniper, "settings_templates")))

    assert page.count("The standard text") == 2
    assert "Your [offer] details from Juniper &amp; Co" in page
    assert "Monthly news" in page
    assert "News of [offer]" in page
    assert "Theirs" not in page


def test_the_list_takes_the_same_queries_for_one_and_for_three(cast: Cast, theo: Client) -> None:
    address = at(cast.juniper, "settings_templates")
    save(cast.juniper)
    theo.get(address)
    one = queries_of(theo, address)
    save(cast.juniper, "Second")
    save(cast.juniper, "Third", purpose=Purpose.SALES_TRACKING_ITEMS)

    assert queries_of(theo, address) == one


@pytest.mark.parametrize("purpose", [ITEMS, MEMBERS])
def test_a_new_one_begins_with_the_written_text(cast: Cast, theo: Client, purpose: str) -> None:
    address = at(cast.juniper, "template_new", purpose=purpose)

    assert email_text(purpose)["subject"] in shown(theo.get(address))
    page = shown(theo.post(address, {"name": "Ours", **email_text(purpose)}, follow=True))

    assert "“Ours” is saved." in page
    with acting_for(cast.juniper):
        row = EmailTemplate.objects.get()
    assert (row.purpose, row.name, row.subject) == (purpose, "Ours", email_text(purpose)["subject"])


@pytest.mark.parametrize("purpose", ["test", "nonsense"])
def test_there_is_none_for_another_purpose(cast: Cast, theo: Client, purpose: str) -> None:
    address = at(cast.juniper, "template_new", purpose=purpose)
    before = snapshot()

    assert theo.get(address).status_code == 404
    assert theo.post(address, {"name": "Ours", **TEXT}).status_code == 404
    assert snapshot() == before


def test_a_template_is_changed_and_renamed(cast: Cast, theo: Client) -> None:
    row = save(cast.juniper)
    address = at(cast.juniper, "template", template_id=row.pk)
    assert "News of {{ offer_name }}" in shown(theo.get(address))

    theo.post(
        address, {"name": "Weekly news", "subject": "New", "body": TEXT["body"], "version": "1"}
    )

    with acting_for(cast.juniper):
        found = EmailTemplate.objects.get()
    assert (found.pk, found.name, found.subject) == (row.pk, "Weekly news", "New")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 81}, "Ensure this value has at most 80 characters"),
        ({"name": "SECOND"}, "There is a template “Second” already."),
        ({"subject": "{{ nonsense }}"}, "There is no variable “nonsense”."),
        ({"body": "<p>{{ frist_name }}</p>"}, "Did you mean first_name?"),
        ({"body": "<p>{{ first_name</p>"}, "is never closed"),
        ({"body": "<p> </p>"}, "The message is empty."),
    ],
)
def test_a_wrong_one_is_refused_with_what_is_wrong(
    cast: Cast, theo: Client, changes: dict[str, str], message: str
) -> None:
    row, _ = save(cast.juniper), save(cast.juniper, "Second")
    before = snapshot()

    for address in (
        at(cast.juniper, "template", template_id=row.pk),
        at(cast.juniper, "template_new", purpose=MEMBERS),
    ):
        page = theo.post(address, {"name": "Monthly", "version": "1", **TEXT} | changes)
        assert page.status_code == 422
        assert message in page_text(page)

    assert snapshot() == before


def opened(client: Client, address: str) -> dict[str, str]:
    """What a browser would send from the page of a template, changed nowhere."""
    form = client.get(address).context["text_form"]
    return {name: str(form[name].value() or "") for name in form.fields}


def test_the_second_to_save_is_warned_and_loses_nothing(cast: Cast, theo: Client) -> None:
    row = save(cast.juniper)
    address = at(cast.juniper, "template", template_id=row.pk)
    ines = desk_of(cast.ines)
    hers, his = opened(ines, address), opened(theo, address)
    ines.post(address, hers | {"subject": "Hers", "body": "<p>Her <b>words</b></p>"})
    before = snapshot()

    told = theo.post(address, his | {"name": "Weekly news", "body": "<p>His words</p>"})

    assert told.status_code == 409
    page = page_text(told)
    assert "Ines Castell changed this template" in page
    assert "Not saved yet" in page
    assert "you have “His words”, they made it “Her words”" in page
    assert "now “Hers”, changed by them; it was “News of {{ offer_name }}”" in page
    assert snapshot() == before
    again = told.context["text_form"]
    assert [again[name].value() for name in ("name", "subject", "body")] == [
        "Weekly news",
        "Hers",
        "<p>His words</p>",
    ]
    theo.post(address, {name: again[name].value() for name in again.fields})
    with acting_for(cast.juniper):
        kept = EmailTemplate.objects.get()
    assert (kept.name, kept.subject, kept.body) == ("Weekly news", "Hers", "<p>His words</p>")


def test_a_page_that_does_not_say_its_version_saves_nothing(cast: Cast, theo: Client) -> None:
    row = save(cast.juniper)
    before = snapshot()

    answer = theo.post(at(cast.juniper, "template", template_id=row.pk), {"name": "A", **TEXT})

    assert answer.status_code == 422
    assert snapshot() == before


def test_deleting_asks_once(cast: Cast, theo: Client) -> None:
    row = save(cast.juniper)
    address = at(cast.juniper, "template_delete", template_id=row.pk)

    assert "deleted for everybody in Juniper" in shown(theo.get(address))
    assert names(cast.juniper) == ["Monthly news"]
    page = shown(theo.post(address, follow=True))

    assert "“Monthly news” is deleted." in page
    assert names(cast.juniper) == []


def test_the_frame_shows_the_saved_text_as_a_mail(cast: Cast, theo: Client) -> None:
    row = save(cast.juniper, body="<p>Hi {{ first_name }}, <a href='javascript:x'>x</a></p>")

    frame = theo.get(at(cast.juniper, "template_frame", template_id=row.pk))

    assert "Hi Mara," in page_text(frame)
    assert "javascript" not in page_text(frame)
    assert "default-src 'none'" in frame["Content-Security-Policy"]
    assert "sandbox" in frame["Content-Security-Policy"]


def test_every_variable_has_an_example(cast: Cast, theo: Client) -> None:
    row = save(cast.juniper, **email_text(ITEMS))

    page = page_text(theo.get(at(cast.juniper, "template_frame", template_id=row.pk)))

    assert "{{" not in page
    assert "MARA15" in page


def test_who_only_reads_sees_the_list_and_changes_nothing(cast: Cast) -> None:
    row = save(cast.juniper)
    vera, before = desk_of(cast.vera), snapshot()

    assert "New template" not in shown(vera.get(at(cast.juniper, "settings_templates")))
    for address in (
        at(cast.juniper, "template", template_id=row.pk),
        at(cast.juniper, "template_delete", template_id=row.pk),
        at(cast.juniper, "template_new", purpose=MEMBERS),
    ):
        assert vera.get(address).status_code == 403
        assert vera.post(address, {"name": "Mine", **TEXT}).status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize("page", ["template", "template_delete", "template_frame"])
def test_another_brands_is_not_found(cast: Cast, theo: Client, page: str) -> None:
    row = save(cast.saltmarsh)
    before = snapshot()

    for method in (theo.get, theo.post):
        foreign = method(at(cast.juniper, page, template_id=row.pk), {"name": "A", **TEXT})
        nobodys = method(at(cast.juniper, page, template_id=999_999), {"name": "A", **TEXT})
        assert foreign.status_code in {404, 405}
        assert (foreign.status_code, foreign.content) == (nobodys.status_code, nobodys.content)

    assert snapshot() == before


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_editor_and_its_chips_work_in_settings_too(desk: Callable[..., Page]) -> None:
    cast = assemble()
    page = desk(cast.ines)
    page.goto(at(cast.juniper, "template_new", purpose=MEMBERS))
    page.get_by_label("Name").fill("Ours")
    click_into(page, ".editor-text", "Control+A")
    page.keyboard.type("Hello ")
    page.locator('[data-insert="full_name"]').click()
    page.get_by_role("button", name="Save").click()

    page.get_by_text("“Ours” is saved.").wait_for()
    page.frame_locator("iframe").get_by_text("Hello Mara Lindqvist").wait_for()
    with acting_for(cast.juniper):
        assert EmailTemplate.objects.get().body == "<p>Hello {{ full_name }}</p>"
