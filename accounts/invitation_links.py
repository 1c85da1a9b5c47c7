"""The link in an invitation: signed, derived, never stored.

It contains the invitation's public id. The row says whether it still works: the page says so if the
link was used, withdrawn or has expired. An invalid signature gets the page for unknown addresses.
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


def describe_invitation(invitation: Invitation) -> str:
    """The result of an invitation, as text for an operator on a terminal.

    It contains the link only if the mail could not be sent. The operator may pass it on: a person
    who runs commands on the server has access to every login anyway.
    """
    who = f"{invitation.email} is invited as {invitation.get_role_display().lower()}"
    if invitation.mailed_at is not None:
        return f"{who}: the link in the mail works for a week."
    return (
        f"{who}, but the mail could not be sent ({invitation.mail_problem})."
        f" Give them this link, which works for a week:\n{link_of(invitation)}"
    )


def invitation_for(token: str) -> Invitation | None:
    """The invitation of a link, with its brand; None for a link without a valid signature."""
    try:
        public_id = uuid.UUID(hex=_signer().unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    with across_brands(reason="an invitation names its brand"):
        return Invitation.objects.select_related("brand").filter(public_id=public_id).first()


def _signer() -> signing.Signer:
    first, *older = settings.LINK_KEYS
    return signing.Signer(key=first, fallback_keys=[*older], sep=".", salt="accounts.invitation")
