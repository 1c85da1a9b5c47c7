"""Short mails to one person about their own login: codes, and what was changed in their name.

They come from Tributary and not from a brand, in plain text, and are handed over at once. Nobody
can unsubscribe from them; who has no use for them never asked.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from core.languages import speaking, spoken_tag
from core.mails import PRODUCT, SENDING_ERRORS, from_line

logger = logging.getLogger(__name__)


class LetterError(Exception):
    """The mail could not be handed over."""


def send_letter(
    name: str, *, to: str, language: str = "", context: Mapping[str, object] | None = None
) -> None:
    """Mail `templates/affiliates/email/<name>.txt`, whose first line is the subject.

    In the language of the tag, or in the one that is spoken. Raises LetterError.
    """
    with speaking(language or spoken_tag()):
        text = render_to_string(f"affiliates/email/{name}.txt", dict(context or {}))
    subject, _, body = text.strip().partition("\n")
    try:
        EmailMessage(
            subject=subject.strip(),
            body=f"{body.strip()}\n",
            from_email=from_line(PRODUCT),
            to=[to],
        ).send()
    except SENDING_ERRORS as error:
        logger.exception("the letter %s could not be mailed", name)
        raise LetterError from error
