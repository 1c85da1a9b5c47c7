"""The actions on members of an offer, each with its service."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from accounts.actors import Actor
from brand_admin.listing.actions import Action, Done, Skipped
from brand_admin.listing.listing import Listing
from core.money import Money
from core.templatetags.display import money
from offers.models import Enrollment, EnrollmentStatus
from offers.services import renew_dashboard_link
from payouts.ledger import balances
from tracking.links.generating import generate_items
from tracking.links.items import ItemError
from tracking.links.membership import (
    OwedError,
    StaysError,
    activate_member,
    deactivate_member,
    owed_to,
    remove_from_offer,
    without_code,
)
from tracking.models import PromoCode


def owed_among(enrollments: Iterable[Enrollment], *, now: datetime) -> dict[int, Money]:
    """Return what members are owed, by enrollment: these can't be removed."""
    chosen = {enrollment.pk: enrollment for enrollment in enrollments}
    owed = owed_to(chosen, now=now)
    return {pk: Money(minor, chosen[pk].offer.currency) for pk, minor in owed.items()}


def notes_on_removal(
    enrollments: Iterable[Enrollment], *, now: datetime
) -> dict[int, tuple[Money, str]]:
    """Return what staff should know before they remove members: an amount and words, by enrollment.

    Who is owed money stays in the offer; what somebody was paid too much stays as a debt.
    """
    chosen = {enrollment.pk: enrollment for enrollment in enrollments}
    owed = owed_among(chosen.values(), now=now)
    notes = {pk: (amount, "Owed: stays in the offer") for pk, amount in owed.items()}
    for pk, balance in balances(chosen, now=now).items():
        amount = Money(abs(balance.owed_minor), chosen[pk].offer.currency)
        if pk in notes:
            continue
        if balance.debt_minor:
            notes[pk] = amount, "Paid too much: stays as a debt"
    return notes


def _each(
    service: Callable[..., object], *, onto: EnrollmentStatus | None = None
) -> Callable[..., Done]:
    """Return an action that calls the service per member; `onto` is the state it leads to."""

    def act(listing: Listing[Any], *, ids: list[int], by: Actor, now: datetime) -> Done:
        count, unchanged, skipped, notes = 0, 0, [], []
        rows = listing.everything().filter(pk__in=ids).select_related("member", "offer")
        for row in rows.order_by("pk"):
            if onto is not None and row.status == onto:
                unchanged += 1
            else:
                try:
                    taken_by = service(enrollment=row, by=by, now=now)
                except OwedError as error:
                    skipped.append(Skipped(str(row.member), f"is owed {money(error.owed)}"))
                except StaysError as error:
                    skipped.append(Skipped(str(row.member), str(error)))
                else:
                    count += 1
                    if isinstance(taken_by, PromoCode):
                        notes.append(Skipped(str(row.member), without_code(taken_by)))
        return Done(count, unchanged, skipped, notes)

    return act


def _refresh_codes(listing: Listing[Any], *, ids: list[int], by: Actor, now: datetime) -> Done:
    """Give each member a new code from the offer's naming pattern."""
    rows = listing.everything().filter(pk__in=ids).select_related("member", "offer")
    skipped = [Skipped(str(row.member), "is not active") for row in rows if not row.is_active]
    active = [row for row in rows if row.is_active]
    if not active:
        return Done(0, skipped=skipped)
    codes: dict[int, str | None] = {row.pk: None for row in active}
    try:
        given, _ = generate_items(enrollments=active, codes=codes, links=False, by=by, now=now)
    except ItemError as error:  # somebody is not active any more
        refused = [row for row in active if row.pk in error.problems]
        skipped += [Skipped(str(row.member), error.problems[row.pk]) for row in refused]
        active = [row for row in active if row.pk not in error.problems]
        codes = {row.pk: None for row in active}
        given, _ = generate_items(enrollments=active, codes=codes, links=False, by=by, now=now)
    return Done(len(given), skipped=skipped)


MEMBER_ACTIONS = (
    Action(
        key="activate",
        label="Activate",
        act=_each(activate_member, onto=EnrollmentStatus.ACTIVE),
        done="activated",
        unchanged="were active",
    ),
    Action(
        key="deactivate",
        label="Deactivate",
        act=_each(deactivate_member, onto=EnrollmentStatus.INACTIVE),
        done="deactivated",
        unchanged="were inactive",
        asks="Their code and link stop counting at once. What they earned stays, and you can"
        " activate them again.",
    ),
    Action(
        key="refresh",
        label="Refresh codes",
        act=_refresh_codes,
        done="given a new code",
        asks="Each gets a new code from the naming pattern of the offer. The old codes stop at"
        " once; what they brought until now stays credited.",
        icon="refresh",
        posts_to="offer_refresh_codes",
    ),
    Action(
        key="renew",
        label="Revoke dashboard link",
        act=_each(renew_dashboard_link),
        done="given a new dashboard link",
        asks="Their dashboard link stops working at once. Send them the new one afterwards.",
    ),
    Action(
        key="remove",
        label="Remove from offer",
        act=_each(remove_from_offer, onto=EnrollmentStatus.REMOVED),
        done="removed from the offer",
        unchanged="were removed",
        asks="Their code and link stop counting at once. Their history stays readable under"
        " removed members. Nobody who is owed money is removed. What somebody was paid too much"
        " stays as a debt on their page, and can be written off there.",
        kind="danger",
    ),
)
