"""Read which kinds of mails a member wants from the form of `portal/kind_choices.html`."""

from __future__ import annotations

from django.http import QueryDict

from notices.models import NoticeKind

AT_ONCE, DAILY = "at_once", "daily"


def kinds_in(data: QueryDict, *, shown: list[NoticeKind]) -> list[NoticeKind]:
    """Return those of the kinds `shown` that are wanted."""
    ticked = set(data.getlist("kinds"))
    if data.get("sales") in {AT_ONCE, DAILY}:
        ticked.add(NoticeKind.SALES.value)
    return [kind for kind in shown if kind.value in ticked]


def sales_at_once_in(data: QueryDict) -> bool | None:
    """Return whether sales are wanted at once; None where the form does not say."""
    return {AT_ONCE: True, DAILY: False}.get(data.get("sales", ""))
