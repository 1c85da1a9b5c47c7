"""The link in an invitation: signed, derived, never stored.

It names the invitation's public id. Whether it still works stands in the row: a link that was used,
withdrawn or has expired is told so, and one that nobody signed answers like any unknown page.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core import signing

from accounts.models import Invitation
from core.tenancy import across_brands

PATH = "/invitation/"


def link_of(invitation: Invitation) -> str:
    """The full address of the page where the invitation is accepted."""
    return f"{settings.BASE_URL}{PATH}{_signer().sign(invitation.public_id.hex)}"


def described(invitation: Invitation) -> str:
    """What became of an invitation, for the operator who asked for it on a terminal.

    The link is shown only where the mail did not go out. The operator may hand it on: who runs
    commands on the server is trusted with every login anyway.
    """
    who = f"{invitation.email} is invited as {invitation.get_role_display().lower()}"
    if invitation.mailed_at is not None:
        return f"{who}: the link in the mail works for a week."
    return (
        f"{who}, but the mail did not go out ({invitation.mail_problem})."
        f" Give them this link, which works for a week:\n{link_of(invitation)}"
    )


def invitation_for(token: str) -> Invitation | None:
    """The invitation, with its brand, that a link of ours names; None for any other text."""
    try:
        public_id = uuid.UUID(hex=_signer().unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    with across_brands(reason="an invitation names its brand"):
        return Invitation.objects.select_related("brand").filter(public_id=public_id).first()


def _signer() -> signing.Signer:
    first, *older = settings.LINK_KEYS
    return signing.Signer(key=first, fallback_keys=[*older], sep=".", salt="accounts.invitation")
