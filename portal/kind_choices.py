"""Save which kinds of mails a member wants, by the form of `portal/kind_choices.html`."""

from __future__ import annotations

from datetime import datetime

from django.http import QueryDict

from affiliates.models import Member
from notices.choosing import set_kinds_wanted
from notices.models import NoticeKind
from notices.selectors import choices_of

AT_ONCE, DAILY = "at_once", "daily"


def save_choices(member: Member, data: QueryDict, *, now: datetime) -> None:
    """Save the choices for the kinds that the form showed and the brand in scope sends.

    A kind that the brand switched on meanwhile was not on the page, so nobody declined it.
    """
    shown = set(data.getlist("shown"))
    sent = [choice.kind for choice in choices_of(member)]
    among = [kind for kind in sent if not shown or kind.value in shown]
    set_kinds_wanted(
        member=member,
        kinds=_kinds_in(data, shown=among),
        among=among,
        now=now,
        sales_at_once={AT_ONCE: True, DAILY: False}.get(data.get("sales", "")),
    )


def _kinds_in(data: QueryDict, *, shown: list[NoticeKind]) -> list[NoticeKind]:
    """Return those of the kinds `shown` that are wanted."""
    ticked = set(data.getlist("kinds"))
    if data.get("sales") in {AT_ONCE, DAILY}:
        ticked.add(NoticeKind.SALES.value)
    return [kind for kind in shown if kind.value in ticked]
