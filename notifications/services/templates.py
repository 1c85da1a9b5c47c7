"""Save and delete the brand's email templates. Only a text that could be sent is saved."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import lock_identities
from core.tenancy import current_brand_id
from core.text import one_line
from core.versions import check_version
from notifications.models import EmailTemplate, Purpose
from notifications.rendering import BrandStyle, prepare
from notifications.rendering.markup import sanitise
from notifications.rendering.variables import printable
from notifications.selectors import template_named

MAX_TEMPLATE_NAME_LENGTH = 80
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
    """Save a text under a name: as a new template, or as the new content of `template`.

    Names are unique per purpose, in upper or lower case. A name that another template has raises
    TemplateNameError, unless the text is new and `overwrite` is set; so does an empty or too long
    name. A text that no mail could be made from raises TemplateError. Changing a template that is
    not at `seen_version` raises core.versions.ChangedMeanwhileError. Nothing is written then.
    """
    if purpose not in FOR_MEMBERS:
        raise ValueError(f"no template is saved for {purpose}")
    called = _name(name)
    checked = prepare(subject=subject, body=body, style=BrandStyle())
    lock_identities([f"templates {current_brand_id()} {purpose}"])
    taken = template_named(called, purpose=purpose)
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
    """Delete a template. Mails that were written from it stay as they are."""
    audit.record(action="template.deleted", target=template, by=by, now=now, name=template.name)
    template.delete()


def _row_to_write(old: EmailTemplate | None, seen_version: int | None) -> EmailTemplate | None:
    """The current row, locked, with its next version; None if it was deleted meanwhile."""
    row = EmailTemplate.objects.select_for_update().filter(pk=old.pk).first() if old else None
    if row is not None:
        check_version(row, seen_version)
        row.version += 1
    return row


def _name(text: str) -> str:
    name = one_line(printable(text))
    if not name:
        raise TemplateNameError("Give the template a name.")
    if len(name) > MAX_TEMPLATE_NAME_LENGTH:
        raise TemplateNameError(f"The name is longer than {MAX_TEMPLATE_NAME_LENGTH} characters.")
    return name
