"""What several pages of the creator portal say in the same words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

OVER = _("That code can't be used any more. Ask for a new one.")
TOO_MANY = _("Too many codes were asked for. Wait a few minutes, then try again.")
UNSENT = _("The mail could not be sent. Please try again in a minute.")


def tries_left(left: int) -> str:
    """What a wrong code is answered with."""
    return ngettext(
        "That is not the code. One try is left.",
        "That is not the code. {left} tries are left.",
        left,
    ).format(left=left)
