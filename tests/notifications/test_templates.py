"""Saved texts: one per name and purpose, never one that could not be sent."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEntry
from core.tenancy import acting_for
from notifications.models import EmailTemplate, Purpose
from notifications.rendering import BrandStyle, TemplateError, prepare
from notifications.selectors import saved_templates
from notifications.services import (
    MAX_TEMPLATE_NAME_LENGTH,
    TemplateNameError,
    delete_template,
    save_template,
)
from tests.cast import NOW, SYSTEM, Cast
from tests.notifications.senders import BODY, SUBJECT
from tests.snapshot import snapshot

LATER = NOW.replace(year=2027)


def save(**changes: Any) -> EmailTemplate:
    """A text called Warm welcome, changed as told. Needs a brand in scope."""
    fields: dict[str, Any] = {
        "purpose": Purpose.EMAIL_MEMBERS,
        "name": "Warm welcome",
        "subject": SUBJECT,
        "body": BODY,
        "by": SYSTEM,
        "now": NOW,
    }
    return save_template(**(fields | changes))


def logged() -> list[tuple[str, dict[str, Any]]]:
    entries = AuditEntry.objects.filter(target__startswith="emailtemplate:").order_by("id")
    return [(entry.action, entry.detail) for entry in entries]


def test_a_text_is_saved_under_its_name_and_on_record(cast: Cast) -> None:
    with acting_for(cast.juniper):
        row = save(name="  Warm \n welcome ")

        assert (row.name, row.subject, row.saved_at) == ("Warm welcome", SUBJECT, NOW)
        assert list(saved_templates(Purpose.EMAIL_MEMBERS)) == [row]
        assert list(saved_templates(Purpose.SALES_TRACKING_ITEMS)) == []
        assert logged() == [("template.saved", {"name": "Warm welcome"})]


def test_what_is_saved_makes_the_mail_that_was_written(cast: Cast) -> None:
    with acting_for(cast.juniper):
        row = save()

    written = prepare(subject=SUBJECT, body=BODY, style=BrandStyle())
    assert prepare(subject=row.subject, body=row.body, style=BrandStyle()) == written


def test_nothing_is_kept_that_a_mail_may_not_hold(cast: Cast) -> None:
    body = '<p onclick="x()">Hi<script>alert(1)</script> <a href="javascript:x()">there</a></p>'
    with acting_for(cast.juniper):
        assert save(body=body).body == "<p>Hi <a>there</a></p>"


def test_a_name_that_is_taken_is_refused_whatever_its_case(cast: Cast) -> None:
    with acting_for(cast.juniper):
        row = save()
        before = snapshot()

        with pytest.raises(TemplateNameError, match="There is a template “Warm welcome” already"):
            save(name="WARM welcome", subject="Other")

        assert snapshot() == before
        with pytest.raises(TemplateNameError) as refused:
            save()
        assert refused.value.taken == row


def test_overwriting_puts_the_new_text_into_the_same_row(cast: Cast) -> None:
    with acting_for(cast.juniper):
        row = save()

        again = save(name="warm welcome", subject="Other", overwrite=True, now=LATER)

        assert again == row
        found = EmailTemplate.objects.get()
        assert (found.name, found.subject, found.saved_at) == ("warm welcome", "Other", LATER)
        assert [action for action, _ in logged()] == ["template.saved", "template.changed"]


def test_a_name_is_free_for_the_other_purpose_and_in_another_brand(cast: Cast) -> None:
    with acting_for(cast.juniper):
        save()
        save(purpose=Purpose.SALES_TRACKING_ITEMS)
    with acting_for(cast.saltmarsh):
        save()

        assert EmailTemplate.objects.count() == 1


def test_a_template_is_changed_and_renamed(cast: Cast) -> None:
    with acting_for(cast.juniper):
        row = save()

        save(template=row, name="Welcome", subject="New", now=LATER)

        found = EmailTemplate.objects.get()
        assert (found.pk, found.name, found.subject) == (row.pk, "Welcome", "New")
        assert logged()[-1] == ("template.changed", {"name": "Welcome"})


def test_renaming_never_overwrites_another(cast: Cast) -> None:
    with acting_for(cast.juniper):
        row, _ = save(), save(name="Second")
        before = snapshot()

        with pytest.raises(TemplateNameError):
            save(template=row, name="second", overwrite=True)

        assert snapshot() == before


@pytest.mark.parametrize("name", ["", "  \n ", "\x00", "x" * (MAX_TEMPLATE_NAME_LENGTH + 1)])
def test_a_name_that_is_none_is_refused(cast: Cast, name: str) -> None:
    before = snapshot()

    with acting_for(cast.juniper), pytest.raises(TemplateNameError):
        save(name=name)

    assert snapshot() == before


@pytest.mark.parametrize(
    ("changes", "message", "variable"),
    [
        ({"body": "<p>{{ frist_name }}</p>"}, "Did you mean first_name", "frist_name"),
        ({"body": "<p>Hi {{ first_name</p>"}, "is never closed", ""),
        ({"body": "<p>Hi first_name }}</p>"}, "was never opened", ""),
        ({"body": "<p>Hi {{ }}</p>"}, "There is an empty variable", ""),
        ({"body": "<p> </p>"}, "The message is empty", ""),
        ({"body": "<p>{{ first_name | }}</p>"}, "no fallback after it", "first_name"),
        ({"body": "<p>{first_name}</p>"}, "one brace on each side", "first_name"),
        ({"body": "x" * 50_001}, "longer than 50,000", ""),
        ({"subject": "{{ nonsense }}"}, "There is no variable “nonsense”", "nonsense"),
        ({"subject": "Hi\nBcc: all@example.com"}, "The subject has a line break", ""),
        ({"subject": " "}, "The subject is empty", ""),
    ],
)
def test_a_text_that_could_not_be_sent_is_not_saved(
    cast: Cast, changes: dict[str, str], message: str, variable: str
) -> None:
    before = snapshot()

    with acting_for(cast.juniper), pytest.raises(TemplateError, match=message) as refused:
        save(**changes)

    assert refused.value.variable == variable
    assert snapshot() == before


def test_test_mails_have_no_templates(cast: Cast) -> None:
    with acting_for(cast.juniper), pytest.raises(ValueError, match="no template is saved"):
        save(purpose=Purpose.TEST)


def test_deleting_forgets_the_text_and_says_so(cast: Cast) -> None:
    with acting_for(cast.juniper):
        kept, row = save(), save(name="Second")

        delete_template(template=row, by=SYSTEM, now=LATER)

        assert list(EmailTemplate.objects.all()) == [kept]
        assert logged()[-1] == ("template.deleted", {"name": "Second"})
