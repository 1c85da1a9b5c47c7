"""The mail that invites somebody to the staff of a brand.

It goes straight to the mail server and is kept nowhere, because staff who could read it
among the brand's messages could accept it.
"""

from __future__ import annotations

from datetime import datetime

from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from accounts.actors import Actor
from accounts.invitation_links import link_of
from accounts.models import Invitation, User
from core.mails import SENDING_ERRORS, from_line

LONGEST_PROBLEM = 300


def send_invitation(*, invitation: Invitation, by: Actor, now: datetime) -> Invitation:
    """Mail the invitation (with its brand), and write down whether the mail server took it."""
    invitation.mailed_at, invitation.mail_problem = now, ""
    try:
        _compose(invitation, by).send()
    except (*SENDING_ERRORS, ValueError) as error:
        invitation.mailed_at = None
        invitation.mail_problem = (str(error) or type(error).__name__)[:LONGEST_PROBLEM]
    invitation.save(update_fields=["mailed_at", "mail_problem"])
    return invitation


def _compose(invitation: Invitation, by: Actor) -> EmailMessage:
    brand = invitation.brand
    inviter = User.objects.filter(pk=by.user_id).first() if by.user_id else None
    name = " ".join(brand.name.split())
    text = render_to_string(
        "account/email/invitation.txt",
        {
            "brand": name,
            "role": invitation.get_role_display().lower(),
            "inviter": str(inviter) if inviter else name,
            "link": link_of(invitation),
            "until": invitation.expires_at.astimezone(brand.zone),
            "zone": brand.time_zone,
        },
    )
    return EmailMessage(
        subject=f"Join {name} on Tributary",
        body=text,
        from_email=from_line(name),
        to=[invitation.email],
        reply_to=[inviter.email] if inviter else None,
    )
