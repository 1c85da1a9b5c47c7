"""What staff decide about an offer's codes in a shop: the percentage, and what differs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import partial

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from core.broker import publish
from core.money import plain_percent
from core.tenancy import current_brand_id
from integrations.code_states import COMPARE
from integrations.models import CodeState, ComparedCode, Connection, OfferDiscount
from offers.models import Enrollment, Offer
from tracking.links.code_text import normal_code
from tracking.links.promo_codes import give_codes

MAX_NAME_LENGTH = 80  # of the offer, in the discount's name
CAN_BE_MADE = (CodeState.MISSING, CodeState.TO_MAKE)
CAN_BE_ENDED = (CodeState.CAME_BACK, CodeState.UNKNOWN, CodeState.TO_END)


class CodesError(ValueError):
    """It can't be done; the message is a sentence for staff."""


@transaction.atomic
def keep_in_step(
    *, connection: Connection, offer: Offer, percent_bp: int, by: Actor, now: datetime
) -> OfferDiscount:
    """Keep the offer's codes in this shop as codes of a discount of `percent_bp` (1 to 10,000).

    With another percentage than before, the codes move to a discount of their own: the shop ends
    those of the one before. Raises CodesError.
    """
    if not connection.is_live:
        raise CodesError("The shop is not connected.")
    if not offer.gives_codes:
        raise CodesError("The members of this offer have no codes.")
    rows = OfferDiscount.objects.select_for_update().filter(connection=connection, offer=offer)
    listed = {row.percent_bp: row for row in rows.order_by("pk")}
    wanted = listed.pop(percent_bp, None)
    for row in listed.values():
        if row.is_live:
            _end(row, now=now)
    if wanted is None:
        percent = plain_percent(percent_bp)
        wanted = OfferDiscount(
            connection=connection,
            offer=offer,
            name=f"{offer.name[:MAX_NAME_LENGTH]}, {percent}% ({offer.pk})",
            percent_bp=percent_bp,
            created_at=now,
        )
    wanted.ended_at, wanted.compare_at, wanted.tries, wanted.problem = None, now, 0, ""
    wanted.save()
    audit.record(
        action="codes.kept_in_step", target=wanted, by=by, now=now, percent_bp=percent_bp,
        offer=offer.name, connection=connection.name,
    )  # fmt: skip
    _wake(wanted)
    return wanted


@transaction.atomic
def stop_keeping(*, discount: OfferDiscount, by: Actor, now: datetime) -> OfferDiscount:
    """End the discount: its codes are taken out of use in the shop. A second time does nothing."""
    row = OfferDiscount.objects.select_for_update().get(pk=discount.pk)
    if row.is_live:
        _end(row, now=now)
        audit.record(action="codes.not_kept_in_step", target=row, by=by, now=now)
        _wake(row)
    return row


@transaction.atomic
def compare_now(*, discount: OfferDiscount, now: datetime) -> None:
    """Have a worker compare the codes as soon as it can."""
    OfferDiscount.objects.filter(pk=discount.pk).update(compare_at=now, tries=0)
    _wake(discount)


@transaction.atomic
def make_in_shop(
    *, codes: Collection[int], discount: OfferDiscount, by: Actor, now: datetime
) -> int:
    """Have these codes made in the shop that are missing there; return how many."""
    return _ask(codes, discount, CAN_BE_MADE, CodeState.TO_MAKE, by=by, now=now)


@transaction.atomic
def end_in_shop(
    *, codes: Collection[int], discount: OfferDiscount, by: Actor, now: datetime
) -> int:
    """Have these codes ended in the shop that no member has; return how many."""
    return _ask(codes, discount, CAN_BE_ENDED, CodeState.TO_END, by=by, now=now)


@transaction.atomic
def give_to_member(
    *, code: ComparedCode, enrollment: Enrollment, by: Actor, now: datetime
) -> ComparedCode:
    """Give a code that only the shop knows to a member of the offer, in place of the one they had.

    Raises CodesError, and tracking.links.items.ItemError for a code that can't be given.
    """
    row = ComparedCode.objects.select_for_update().select_related("discount").get(pk=code.pk)
    if row.state != CodeState.UNKNOWN:
        raise CodesError(f"The code {row.code} is not unknown here any more.")
    if enrollment.offer_id != row.discount.offer_id:
        raise CodesError("This member is not in the offer of the discount.")
    given = give_codes(
        codes={enrollment.pk: row.code},
        enrollments=[enrollment],
        by=by,
        now=now,
        may_reuse=[row.code],
    )
    # Staff may have given them this code meanwhile: then there is nothing new to give.
    row.code = given[0].code if given else normal_code(row.code)
    row.enrollment, row.state = enrollment, CodeState.IN_STEP
    row.save(update_fields=["code", "enrollment", "state"])
    compare_now(discount=row.discount, now=now)
    return row


def _ask(
    codes: Collection[int],
    discount: OfferDiscount,
    allowed: Collection[CodeState],
    state: CodeState,
    *,
    by: Actor,
    now: datetime,
) -> int:
    rows = ComparedCode.objects.filter(pk__in=list(codes), discount=discount, state__in=allowed)
    named = list(rows.select_for_update().order_by("pk").values_list("code", flat=True))
    if not named:
        return 0
    rows.update(state=state, problem="")
    audit.record(
        action=f"codes.{state.value}", target=discount, by=by, now=now, codes=named[:100],
        number=len(named),
    )  # fmt: skip
    compare_now(discount=discount, now=now)
    return len(named)


def _end(row: OfferDiscount, *, now: datetime) -> None:
    row.ended_at, row.compare_at, row.tries = now, now, 0
    row.save(update_fields=["ended_at", "compare_at", "tries"])


def _wake(discount: OfferDiscount) -> None:
    brand_id = current_brand_id()
    transaction.on_commit(partial(publish, COMPARE, brand_id=brand_id, discount_id=discount.pk))
