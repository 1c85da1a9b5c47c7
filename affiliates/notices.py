"""Mails that inform a person of a change to their account: what, when and from which device."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from core.languages import speaking, spoken_tag
from core.templatetags.display import moment
from core.transactional_mail import send_transactional_mail


def send_notice(
    template: str,
    *,
    to: str,
    now: datetime,
    where: str = "",
    language: str = "",
    values: Mapping[str, object] | None = None,
) -> None:
    """Mail a notice in the language of the tag, or in the active language.

    `where` names the device. Every template can use the addresses of the portal's pages. Raises
    TransactionalMailError.
    """
    with speaking(language or spoken_tag()):
        common = {
            "when": moment(now),
            "where": where,
            "home_url": settings.BASE_URL + reverse("front_door"),
            "payout_url": settings.BASE_URL + reverse("portal:payout"),
            "security_url": settings.BASE_URL + reverse("portal:security"),
        }
        send_transactional_mail(template, to=to, values={**common, **(values or {})})
