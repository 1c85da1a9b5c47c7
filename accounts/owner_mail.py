"""Mail what a brand's owners have to know, such as a shop that fell silent."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from accounts.models import Role
from accounts.selectors import staff_of_brand
from core.languages import ENGLISH
from core.transactional_mail import TransactionalMailError, send_transactional_mail


def mail_owners(template: str, *, values: Mapping[str, object]) -> None:
    """Mail every owner of the brand acted for, except those whose login is deactivated.

    A mail that can't be sent is logged there.
    """
    for owner in staff_of_brand().filter(role=Role.OWNER, user__is_active=True):
        with suppress(TransactionalMailError):
            send_transactional_mail(
                template, to=owner.user.email, language=ENGLISH, values=dict(values)
            )
