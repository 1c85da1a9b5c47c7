"""Texts that a brand saves to start its mails from. Nothing is saved that could not be sent."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import lock_identities
from core.tenancy import current_brand_id
from core.versions import check_version
from notifications.models import EmailTemplate, Purpose
from notifications.rendering import Look, prepare
from notifications.rendering.markup import sanitise
from notifications.rendering.variables import printable
from notifications.selectors import template_called

LONGEST_NAME = 80
FOR_MEMBERS = (Purpose.SALES_TRACKING_ITEMS, Purpose.EMAIL_MEMBERS)


class TemplateNameError(ValueError):
    """The name can't be used. `taken` is the template that has it already, if that is why."""

    def __init__(self, message: str, *, taken: EmailTemplate | None = None) -> None:
        super().__init__(message)
        self.taken = taken


@transaction.atomic
def save_template(
    *,
    purpose: Purpose,
    name: str,
    subject: str,
    body: str,
    by: Actor,
    now: datetime,
    template: EmailTemplate | None = None,
    overwrite: bool = False,
    seen_version: int | None = None,
) -> EmailTemplate:
    """Save a text under a name: a new one, or `template` with all that is given.

    A name is one template's per purpose, whatever its case: another's raises TemplateNameError,
    unless it is a new text and `overwrite` says that the old one's may go. An empty or too long
    name raises it too, and TemplateError what no mail could be made of. What takes another text's
    place raises core.versions.ChangedMeanwhileError when that is not at `seen_version`. Nothing is
    written then.
    """
    if purpose not in FOR_MEMBERS:
        raise ValueError(f"no template is saved for {purpose}")
    called = _name(name)
    checked = prepare(subject=subject, body=body, look=Look())
    lock_identities([f"templates {current_brand_id()} {purpose}"])
    taken = template_called(called, purpose=purpose)
    if taken is not None and taken != template and (template is not None or not overwrite):
        raise TemplateNameError(f"There is a template “{taken.name}” already.", taken=taken)
    row = _row_to_write(template or taken, seen_version) or EmailTemplate(purpose=purpose)
    is_new = row.pk is None
    row.name, row.subject, row.body, row.saved_at = called, checked.subject, sanitise(body), now
    row.save()
    if is_new:
        audit.record(action="template.saved", target=row, by=by, now=now, name=called)
    else:
        audit.record(action="template.changed", target=row, by=by, now=now, name=called)
    return row


@transaction.atomic
def delete_template(*, template: EmailTemplate, by: Actor, now: datetime) -> None:
    """Forget a saved text. Mails that were written from it stay as they are."""
    audit.record(action="template.deleted", target=template, by=by, now=now, name=template.name)
    template.delete()


def _row_to_write(old: EmailTemplate | None, seen_version: int | None) -> EmailTemplate | None:
    """The row as it is now, held and one version on; one deleted meanwhile is written anew."""
    row = EmailTemplate.objects.select_for_update().filter(pk=old.pk).first() if old else None
    if row is not None:
        check_version(row, seen_version)
        row.version += 1
    return row


def _name(text: str) -> str:
    name = " ".join(printable(text).split())
    if not name:
        raise TemplateNameError("Give the template a name.")
    if len(name) > LONGEST_NAME:
        raise TemplateNameError(f"The name is longer than {LONGEST_NAME} characters.")
    return name
