"""What staff do with members on an offer's page: each action in words, and the services behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.actors import Actor
from core.money import Money
from core.templatetags.display import money
from offers.models import Enrollment
from offers.services import renew_dashboard_link
from payouts.ledger import balances
from tracking.links.membership import (
    OwedError,
    activate_member,
    deactivate_member,
    remove_from_offer,
)


@dataclass(frozen=True, slots=True)
class MemberAction:
    """An action on chosen members. `asks` says what it will do; without it, it is done at once."""

    title: str
    done: str
    act: Callable[..., object]
    asks: str = ""
    kind: str = "danger"


ACTIONS = {
    "activate": MemberAction("Activate", "activated", activate_member),
    "deactivate": MemberAction(
        "Deactivate",
        "deactivated",
        deactivate_member,
        asks="Their code and link stop counting at once. What they earned stays, and you can "
        "activate them again.",
    ),
    "remove": MemberAction(
        "Remove from offer",
        "removed from the offer",
        remove_from_offer,
        asks="Their code and link stop counting at once. Their history stays readable under "
        "removed members.",
    ),
    "renew": MemberAction(
        "Revoke dashboard link",
        "given a new dashboard link",
        renew_dashboard_link,
        asks="Their dashboard link stops working at once. Send them the new one afterwards.",
    ),
}


@dataclass(frozen=True, slots=True)
class Owed:
    """A member who stays in the offer, because this much is owed to them."""

    enrollment: Enrollment
    owed: Money


@dataclass(frozen=True, slots=True)
class Done:
    """How many it was done to, and who was left as they were."""

    count: int
    refused: tuple[Owed, ...]

    @property
    def refusals(self) -> str:
        """ "Mara Lindqvist is owed £8.42; …", or nothing."""
        return "; ".join(
            f"{row.enrollment.member} is owed {money(row.owed)}" for row in self.refused
        )


def owed_among(enrollments: Iterable[Enrollment], *, now: datetime) -> dict[int, Money]:
    """What each is owed in the offer, due or held, by enrollment: these can't be removed."""
    chosen = {enrollment.pk: enrollment for enrollment in enrollments}
    return {
        pk: Money(balance.owed_minor, chosen[pk].offer.currency)
        for pk, balance in balances(chosen, now=now).items()
        if balance.owed_minor
    }


def act_on(
    action: MemberAction, enrollments: Iterable[Enrollment], *, by: Actor, now: datetime
) -> Done:
    """Do it to each; who is owed money is left in the offer and named."""
    count, refused = 0, []
    for enrollment in enrollments:
        try:
            action.act(enrollment=enrollment, by=by, now=now)
        except OwedError as error:
            refused.append(Owed(enrollment, error.owed))
        else:
            count += 1
    return Done(count, tuple(refused))
