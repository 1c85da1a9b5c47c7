"""Compare an offer's codes here with those in a shop, and keep the shop in step.

What is given or ended here is made or ended there. What was changed there alone is shown to staff,
who decide. The shop is called outside of transactions; the result is written in one.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from django.contrib.postgres.aggregates import StringAgg
from django.db import transaction
from django.db.models import CharField, Func, Value
from django.db.models.functions import Upper
from django.utils import timezone

from core.batches import batches
from core.broker import publish
from core.db import update_rows
from core.jobs import claim, unleased
from core.outgoing import calls_within
from core.tenancy import across_brands, acting_for
from core.text import UNSTORABLE
from integrations.code_states import COMPARE, next_state
from integrations.connections import NotConnectedError, client_of
from integrations.models import LIVE_CONNECTIONS, CodeState, ComparedCode, OfferDiscount
from integrations.shop import AccessRefusedError, Discount, ShopAwayError, ShopClient, ShopCode
from integrations.states import note_access_refused
from integrations.working import actor_of
from offers.models import Enrollment
from tracking.links.code_text import normal_code
from tracking.models import PromoCode

COMPARED_EVERY = timedelta(hours=1)
# Before each further try of a shop that does not answer; the last one is repeated.
PAUSES = tuple(timedelta(minutes=one) for one in (1, 5, 15, 60, 240))
LEASE = timedelta(minutes=15)
CALL_SECONDS = 600.0  # a shop that answers slowly keeps a worker no longer
WAIT_FOR_ANOTHER = timedelta(seconds=30)
SLICE_LENGTH = timedelta(seconds=60)  # in which codes are made and ended; then it goes on later
BATCH = 200  # codes that the shop is asked to make or end at once
MAX_CODES = 50_000  # of a discount
MAX_COMPARED_AT_ONCE = 200
MAX_CODE_CHARACTERS, MAX_USES = 200, 2**31 - 1  # that can be stored
CHANGING = ("code", "enrollment", "state", "times_used", "problem")
TOO_MANY = f"The discount has more than {MAX_CODES:,} codes in the shop, which are too many."
NOT_CONNECTED = "The shop is not connected."
Clock = Callable[[], datetime]


@dataclass(slots=True)
class _Side:
    """A code on our side: its text, who has it, and whether it is in use."""

    code: str
    enrollment_id: int | None = None
    in_use: bool | None = None


@dataclass(slots=True)
class _Compared:
    """The codes of a discount by their normal form, as they are and as they were before."""

    here: dict[str, _Side]
    there: dict[str, ShopCode]
    before: dict[str, ComparedCode]
    problems: dict[str, str] = field(default_factory=dict)

    def state(self, key: str) -> CodeState | None:
        before, there = self.before.get(key), self.there.get(key)
        return next_state(
            CodeState(before.state) if before else None,
            in_use_here=self.here[key].in_use if key in self.here else None,
            is_active_there=there is not None and there.is_active,
        )

    def in_state(self, state: CodeState) -> list[str]:
        return sorted(key for key in self.keys if self.state(key) is state)

    @property
    def keys(self) -> set[str]:
        return {*self.here, *self.there, *self.before}

    def text(self, key: str) -> str:
        """The code as it is written there, or else here."""
        if key in self.there:
            return self.there[key].code
        return self.here[key].code if key in self.here else self.before[key].code


def enqueue_due_comparisons(*, now: datetime) -> list[int]:
    """Send a message for each discount that is due or whose codes changed here; return those."""
    with across_brands(reason="discounts that are due are found over all brands"):
        rows = unleased(OfferDiscount.objects.select_related("offer"), now=now)
        rows = rows.filter(connection__state__in=LIVE_CONNECTIONS)
        due = list(rows.filter(compare_at__lte=now).order_by("compare_at")[:MAX_COMPARED_AT_ONCE])
        others = rows.filter(compare_at__gt=now, ended_at=None, tries=0)
        codes = codes_in_use_by_offer({row.offer_id for row in others}, now=now)
        changed = [row for row in others if here_of(row, codes, now=now) != row.here]
    for row in changed:
        with acting_for(row.brand_id):
            OfferDiscount.objects.filter(pk=row.pk).update(compare_at=now)
    found = [*due, *changed][:MAX_COMPARED_AT_ONCE]
    for row in found:
        publish(COMPARE, brand_id=row.brand_id, discount_id=row.pk)
    return [row.pk for row in found]


def codes_in_use_by_offer(offer_ids: set[int], *, now: datetime) -> dict[int, str]:
    """A short text for the codes of each offer that work: it differs when they differ."""
    listed = StringAgg(Upper("code"), Value(","), order_by=Upper("code"))
    digest = Func(listed, function="md5", output_field=CharField())
    members = Enrollment.objects.active().filter(offer__in=offer_ids)
    rows = PromoCode.objects.working_at(now).filter(enrollment__in=members)
    return dict(rows.order_by().values("enrollment__offer").annotate(all=digest).values_list(
        "enrollment__offer", "all"
    ))  # fmt: skip


def here_of(discount: OfferDiscount, codes: Mapping[int, str], *, now: datetime) -> str:
    """What stands for the codes that should be in the shop; "" for none."""
    is_on = discount.is_live and discount.offer.counts_at(now)
    return codes.get(discount.offer_id, "") if is_on else ""


def compare_codes(*, discount_id: int, now: datetime, clock: Clock = timezone.now) -> bool:
    """Compare the codes of a discount, and make and end what is missing; whether it was done.

    Does nothing if it is not due, or another worker has it. Discounts of the same offer and
    connection that ended come first, because a shop has a code once.
    """
    asked = OfferDiscount.objects.filter(pk=discount_id).first()
    if asked is None:
        return False
    siblings = OfferDiscount.objects.filter(
        connection=asked.connection_id, offer=asked.offer_id, ended_at__isnull=False
    ).exclude(pk=asked.pk)
    for pk in siblings.filter(compare_at__lte=now).values_list("pk", flat=True):
        _compare(pk, now=now, clock=clock)
    if unleased(siblings, now=now).count() < siblings.count():
        again = now + WAIT_FOR_ANOTHER
        OfferDiscount.objects.filter(pk=asked.pk, compare_at__lte=now).update(compare_at=again)
        return False
    return _compare(discount_id, now=now, clock=clock)


def _compare(discount_id: int, *, now: datetime, clock: Clock) -> bool:
    due = OfferDiscount.objects.filter(pk=discount_id, compare_at__lte=now)
    token, ids = claim(due, limit=1, lease=LEASE, now=now)
    if not ids:
        return False
    discount = OfferDiscount.objects.select_related("connection", "offer").get(pk=discount_id)
    try:
        with calls_within(CALL_SECONDS):
            _claimed(discount, token, now=now, clock=clock)
    finally:
        held = OfferDiscount.objects.filter(pk=discount_id, lease_token=token)
        held.update(lease_token=None, lease_until=None)
    return True


def _claimed(discount: OfferDiscount, token: uuid.UUID, *, now: datetime, clock: Clock) -> None:
    here = here_of(discount, codes_in_use_by_offer({discount.offer_id}, now=now), now=now)
    problem, compared, is_whole, retry_after = "", None, True, 0.0
    try:
        client = client_of(discount.connection)
        compared = _read(discount, client, now=now)
        ends_at = clock() + SLICE_LENGTH
        is_whole = _bring_in_step(discount, client, compared, ends_at=ends_at, clock=clock)
    except ShopAwayError as error:
        problem, retry_after = str(error), error.retry_after or 0.0
    except NotConnectedError:
        problem = NOT_CONNECTED
    except AccessRefusedError as error:
        problem = str(error)
        connection = discount.connection
        note_access_refused(connection, problem, by=actor_of(connection), now=clock())
    if compared is not None:
        _write(discount, compared)
    now = clock()
    pause = _pause(discount, problem, retry_after) if is_whole else timedelta()
    _release(discount, token, here=here, problem=problem, compare_at=now + pause, now=now)


def _pause(discount: OfferDiscount, problem: str, retry_after: float) -> timedelta:
    """How long to wait until the codes are compared again."""
    if not problem:
        return COMPARED_EVERY
    pause = PAUSES[min(discount.tries, len(PAUSES) - 1)]
    return max(pause, timedelta(seconds=min(retry_after, 86_400)))


def _read(discount: OfferDiscount, client: ShopClient, *, now: datetime) -> _Compared:
    found = list(islice(client.codes(in_shop(discount)), MAX_CODES + 1))
    if len(found) > MAX_CODES:
        raise ShopAwayError(TOO_MANY)
    before = ComparedCode.objects.filter(discount=discount)
    return _Compared(
        here=_codes_here(discount, now=now),
        there={normal_code(one.code): _storable(one) for one in found if _is_storable(one.code)},
        before={normal_code(row.code): row for row in before},
    )


def _is_storable(code: str) -> bool:
    """Whether it can be listed. No member's code is as long, or has what PostgreSQL can't store."""
    return 0 < len(code) <= MAX_CODE_CHARACTERS and not UNSTORABLE.search(code)


def _storable(code: ShopCode) -> ShopCode:
    used = code.times_used
    return replace(code, times_used=None if used is None else min(max(used, 0), MAX_USES))


def in_shop(discount: OfferDiscount) -> Discount:
    return Discount(name=discount.name, percent_bp=discount.percent_bp)


def _codes_here(discount: OfferDiscount, *, now: datetime) -> dict[str, _Side]:
    """The codes that members of the offer have or had; of several holders the one in use counts."""
    rows = PromoCode.objects.filter(enrollment__offer=discount.offer_id)
    active = Enrollment.objects.active().filter(offer=discount.offer_id)
    in_use = set(rows.working_at(now).filter(enrollment__in=active).values_list("pk", flat=True))
    is_on = discount.is_live and discount.offer.counts_at(now)
    found: dict[str, _Side] = {}
    for pk, code, holder in rows.in_use_first().values_list("pk", "code", "enrollment"):
        found.setdefault(normal_code(code), _Side(code, holder, is_on and pk in in_use))
    return found


def _bring_in_step(
    discount: OfferDiscount,
    client: ShopClient,
    compared: _Compared,
    *,
    ends_at: datetime,
    clock: Clock,
) -> bool:
    """Make and end codes in the shop, until the time is over; whether all were tried."""
    to_end, to_make = compared.in_state(CodeState.TO_END), compared.in_state(CodeState.TO_MAKE)
    asked: list[tuple[Callable[..., Mapping[str, str]], bool, Sequence[str]]] = [
        *((client.end_codes, False, batch) for batch in batches(to_end, BATCH)),
        *((client.make_codes, True, batch) for batch in batches(to_make, BATCH)),
    ]
    for ask, is_active, keys in asked:
        if clock() >= ends_at:
            return False
        texts = {key: compared.text(key) for key in keys}
        failed = ask(in_shop(discount), list(texts.values()))
        for key, text in texts.items():
            if text in failed:
                compared.problems[key] = failed[text][:500]
            else:
                was = compared.there.get(key, ShopCode(text, is_active, "", None))
                used = 0 if is_active and was.times_used is None else was.times_used
                compared.there[key] = ShopCode(was.code, is_active, was.shop_id, used)
    return True


@transaction.atomic
def _write(discount: OfferDiscount, compared: _Compared) -> None:
    """Store how each code stands. What staff asked for meanwhile stays."""
    rows = ComparedCode.objects.select_for_update().filter(discount=discount).order_by("pk")
    known = {normal_code(row.code): row for row in rows}
    new: list[ComparedCode] = []
    changed: list[ComparedCode] = []
    gone: list[int] = []
    for key in sorted(compared.keys):
        row, before = known.get(key), compared.before.get(key)
        if (row is None) != (before is None) or (row and before and row.state != before.state):
            continue
        state = compared.state(key)
        if state is None:
            if row is not None:
                gone.append(row.pk)
            continue
        values = _values(compared, key, state)
        if row is None:
            new.append(ComparedCode(discount=discount, **values))
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            changed.append(row)
    ComparedCode.objects.filter(pk__in=gone).delete()
    ComparedCode.objects.bulk_create(new)
    update_rows(changed, CHANGING)


def _values(compared: _Compared, key: str, state: CodeState) -> dict[str, object]:
    there, here = compared.there.get(key), compared.here.get(key)
    before = compared.before.get(key)
    used = there.times_used if there else before.times_used if before else None
    return {
        "code": here.code if here else compared.text(key),
        "enrollment_id": here.enrollment_id if here else None,
        "state": state,
        "times_used": used,
        "problem": compared.problems.get(key, ""),
    }


@transaction.atomic
def _release(
    discount: OfferDiscount,
    token: uuid.UUID,
    *,
    here: str,
    problem: str,
    compare_at: datetime,
    now: datetime,
) -> None:
    """Note the result, and when it is compared again: at once if staff asked for it meanwhile."""
    rows = OfferDiscount.objects.select_for_update().filter(lease_token=token)
    row = rows.filter(pk=discount.pk).first()
    if row is None:
        return
    row.problem, row.tries = problem[:500], row.tries + 1 if problem else 0
    if not problem:
        row.compared_at, row.here = now, here
    if row.compare_at == discount.compare_at:
        row.compare_at = compare_at
    row.lease_token = row.lease_until = None
    row.save()
    if row.compare_at <= now:
        transaction.on_commit(partial(publish, COMPARE, brand_id=row.brand_id, discount_id=row.pk))
