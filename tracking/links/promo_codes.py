"""Suggest free promo codes by an offer's naming pattern, and give codes to enrollments."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Upper

from accounts.actors import Actor
from accounts.audit_log import audit
from affiliates.models import Member
from core.db import lock_identities
from core.references import Reference
from core.templatetags.display import moment
from core.tenancy import current_brand_id
from notifications.services import restate_waiting_mails
from offers.models import Enrollment, Offer
from tracking.links.code_text import (
    CODE_RULE,
    MAX_CODE_LENGTH,
    code_from,
    is_code,
    normal_code,
)
from tracking.links.items import ItemError
from tracking.models import USE_FIELDS, PromoCode, out_of_use

MIN_GRACE, MAX_GRACE = timedelta(days=1), timedelta(days=60)


class GraceError(ValueError):
    """The code can't be replaced; the message is a sentence for staff."""


def suggest_codes(
    *, offer: Offer, enrollments: Sequence[Enrollment], but: Collection[str] = ()
) -> dict[int, str]:
    """Return a free code by enrollment id, by the offer's naming pattern; none of `but`.

    The pattern may contain {FIRST_NAME}, {LAST_NAME} and {OFFER}. A code that is taken gets a
    number at its end. To give codes that nobody has seen yet, take `suggest_and_lock`.
    """
    wanted = {row.pk: _from_pattern(offer, row.member) for row in enrollments}
    suggestions: dict[int, str] = {}
    taken = {normal_code(code) for code in but}
    last_tried: dict[str, int] = defaultdict(int)  # the highest number tried, by stem
    share = 1
    while lacking := [pk for pk in wanted if pk not in suggestions]:
        ranges = {
            stem: range(last_tried[stem] + 1, last_tried[stem] + members * share + 1)
            for stem, members in Counter(wanted[pk] for pk in lacking).items()
        }
        codes = {
            stem: [_numbered(stem, number) for number in numbers]
            for stem, numbers in ranges.items()
        }
        taken |= _taken(code for listed in codes.values() for code in listed)
        free = {stem: iter(listed) for stem, listed in codes.items()}
        for pk in lacking:
            code = next((code for code in free[wanted[pk]] if code not in taken), None)
            if code is not None:
                taken.add(code)
                suggestions[pk] = code
        last_tried.update({stem: numbers.stop - 1 for stem, numbers in ranges.items()})
        share *= 2
    return {pk: suggestions[pk] for pk in wanted}


def suggest_and_lock(
    *, enrollments: Iterable[Enrollment], but: Collection[str] = ()
) -> dict[int, str]:
    """Return what `suggest_codes` does, for offers of all kinds, and keep it free for the caller.

    Until the transaction ends, nobody else is suggested or given these codes, nor those of `but`,
    which the caller gives too. The enrollments have their member and offer.
    """
    lock_identities([f"code suggestions:{current_brand_id()}"])
    lacking, found = list(enrollments), dict[int, str]()
    while lacking:
        codes = _suggest_for_all(lacking, but=[*but, *found.values()])
        lock_codes([*codes.values(), *but])  # at once, as whoever gives them by name does
        lost = _taken(codes.values())  # to somebody who was given it by name meanwhile
        found |= {pk: code for pk, code in codes.items() if code not in lost}
        lacking = [row for row in lacking if row.pk not in found]
    return found


def _suggest_for_all(enrollments: Iterable[Enrollment], *, but: Collection[str]) -> dict[int, str]:
    """The same as `suggest_codes`, for enrollments in several offers."""
    of_offer: dict[int, list[Enrollment]] = defaultdict(list)
    for row in enrollments:
        of_offer[row.offer_id].append(row)
    codes: dict[int, str] = {}
    for rows in of_offer.values():
        codes |= suggest_codes(offer=rows[0].offer, enrollments=rows, but=[*but, *codes.values()])
    return codes


@transaction.atomic
def give_codes(
    *,
    codes: Mapping[int, str],
    enrollments: Sequence[Enrollment],
    by: Actor,
    now: datetime,
    may_reuse: Collection[str] = (),
    seen: Mapping[int, str] | None = None,
) -> list[PromoCode]:
    """Give codes to enrollments by id, replacing their active codes: all or none.

    A code that the enrollment had before becomes active again. A code that somebody else had until
    it was ended is given only if it is in `may_reuse`: staff know of it. `seen` are the codes that
    a page showed as theirs before somebody confirmed, by enrollment id: no other one is replaced.
    The caller has locked the enrollments. Raises ItemError that lists every malformed, repeated or
    taken code, and every code that would be replaced unseen.
    """
    rows = {row.pk: row for row in enrollments}
    wanted = {pk: normal_code(code) for pk, code in codes.items()}
    lock_codes(wanted.values())
    earlier = _rows_of(code for code in wanted.values() if is_code(code))
    problems, had_before = _check_codes(
        wanted, earlier, {normal_code(code) for code in may_reuse}, now
    )
    if problems:
        raise ItemError(problems, had_before=had_before)
    own = {
        code: row
        for code, listed in earlier.items()
        for row in listed
        if wanted.get(row.enrollment_id) == code
    }
    changing = {
        pk: code for pk, code in wanted.items() if (code not in own) or not own[code].is_in_use
    }
    replaced = PromoCode.objects.in_use().filter(enrollment__in=list(changing))
    if seen is not None and (unseen := _unseen(replaced, seen)):
        raise ItemError(unseen)
    number_replaced = replaced.update(**out_of_use(now))
    returning = [own[code] for code in changing.values() if code in own]
    for code_row in returning:
        code_row.put_in_use(_free_from(earlier[code_row.code.upper()], now))
    PromoCode.objects.bulk_update(returning, USE_FIELDS)
    new = PromoCode.objects.bulk_create(
        PromoCode(enrollment=rows[pk], code=code, created_at=_free_from(earlier[code], now))
        for pk, code in changing.items()
        if code not in own
    )
    audit.record_many(
        action="code.given",
        targets=[(row, {"code": row.code}) for row in [*returning, *new]],
        by=by,
        now=now,
    )
    if number_replaced:
        restate_waiting_mails(
            {
                Reference.by_id(Enrollment, row.enrollment_id): {"promo_code": row.code}
                for row in [*returning, *new]
            },
            reason="The member has another code.",
            now=now,
        )
    return [*returning, *new]


@transaction.atomic
def replace_with_grace(
    *, code: PromoCode, new_code: str, grace: timedelta, by: Actor, now: datetime
) -> PromoCode:
    """Give the member `new_code` at once, while `code` works until the grace is over.

    Orders with either code are credited to the member. Raises GraceError if the code is not in use
    any more or the grace is not 1 to 60 days, and ItemError as `give_codes` does.
    """
    if not MIN_GRACE <= grace <= MAX_GRACE:
        raise GraceError(f"Choose from {MIN_GRACE.days} to {MAX_GRACE.days} days.")
    row = PromoCode.objects.select_for_update().select_related("enrollment").get(pk=code.pk)
    if not row.is_in_use:
        raise GraceError(f"The code {row.code} is not in use any more.")
    if normal_code(new_code) == normal_code(row.code):
        raise GraceError("Choose another code than the one that leaked.")
    [given] = give_codes(
        codes={row.enrollment_id: new_code}, enrollments=[row.enrollment], by=by, now=now
    )
    until = now + grace
    PromoCode.objects.filter(pk=row.pk).update(deactivated_at=until)
    audit.record(
        action="code.replaced", target=row, by=by, now=now, code=row.code, new_code=given.code,
        works_until=until.isoformat(),
    )  # fmt: skip
    return given


@transaction.atomic
def change_grace(*, code: PromoCode, until: datetime | None, by: Actor, now: datetime) -> PromoCode:
    """Have a replaced code work until another moment; None ends it at once.

    Orders from before the end stay credited. Raises GraceError if the code does not work any more
    or was never replaced, and if the moment is past or more than 60 days away.
    """
    lock_codes([normal_code(code.code)])
    row = PromoCode.objects.select_for_update().get(pk=code.pk)
    before = row.works_until(now)
    if before is None:
        raise GraceError(f"The code {row.code} was not replaced, or has ended already.")
    if until is not None and not now < until <= now + MAX_GRACE:
        raise GraceError(f"Choose a moment from now to {MAX_GRACE.days} days from now.")
    row.deactivated_at = until or now
    row.save(update_fields=["deactivated_at"])
    told = {"code": row.code, "worked_until": before.isoformat()}
    if until is None:
        audit.record(action="code.grace_ended", target=row, by=by, now=now, **told)
    elif until != before:
        told["works_until"] = until.isoformat()
        audit.record(action="code.grace_changed", target=row, by=by, now=now, **told)
    return row


def codes_in_grace(enrollment_ids: Collection[int], *, now: datetime) -> dict[int, PromoCode]:
    """Return the replaced codes that still work, by enrollment id; of several the latest."""
    rows = PromoCode.objects.in_grace_at(now).filter(enrollment__in=list(enrollment_ids))
    return {row.enrollment_id: row for row in rows.order_by("deactivated_at", "pk")}


def any_code_in_use() -> str:
    """The code of some member of the brand, the same each time; "" if nobody has one."""
    codes = PromoCode.objects.in_use().order_by("pk").values_list("code", flat=True)
    return codes.first() or ""


def codes_beginning(text: str) -> QuerySet[PromoCode]:
    """Return the codes that begin with the text, whatever its case, those in use first.

    With their enrollments, members and offers.
    """
    found = PromoCode.objects.annotate(upper=Upper("code"))
    beginning = found.filter(upper__startswith=Upper(Value(text)))
    return beginning.in_use_first().select_related("enrollment__member", "enrollment__offer")


def lock_codes(codes: Iterable[str]) -> None:
    """Lock codes in their normal form until the transaction ends."""
    brand_id = current_brand_id()
    lock_identities(f"code:{brand_id}:{code}" for code in codes)


def earlier_holders(enrollment_ids: Collection[int]) -> dict[int, PromoCode]:
    """Return who had the code of each enrollment last before it, by enrollment id, with the member.

    Codes that nobody had before are left out.
    """
    in_use = PromoCode.objects.in_use().filter(enrollment__in=list(enrollment_ids))
    listed = _rows_of(in_use.values_list(Upper("code")))
    found = {}
    for holders in listed.values():
        before = [row for row in holders if not row.is_in_use]
        for row in holders:
            others = [one for one in before if one.enrollment_id != row.enrollment_id]
            if row.is_in_use and row.enrollment_id in enrollment_ids and others:
                found[row.enrollment_id] = max(others, key=_ended_at)
    return found


def last_holders(codes: Iterable[str]) -> dict[str, PromoCode]:
    """Return who had each of these codes last, with the member; without codes that are in use."""
    listed = _rows_of(codes)
    ended = {code: rows for code, rows in listed.items() if not any(row.is_in_use for row in rows)}
    return {code: max(rows, key=_ended_at) for code, rows in ended.items()}


def _ended_at(row: PromoCode) -> datetime:
    return row.deactivated_at or row.in_use_since


def _rows_of(codes: Iterable[str] | QuerySet[Any, Any]) -> dict[str, list[PromoCode]]:
    """Everybody who has or had each code, with the member."""
    found: dict[str, list[PromoCode]] = defaultdict(list)
    for row in PromoCode.objects.named(codes).select_related("enrollment__member"):
        found[row.code.upper()].append(row)
    return found


def _free_from(holders: Iterable[PromoCode], now: datetime) -> datetime:
    """From when on a code can be given: now, or when it ended by a clock that is ahead of ours."""
    return max([now, *(row.deactivated_at for row in holders if row.deactivated_at)])


def _check_codes(
    wanted: Mapping[int, str],
    earlier: Mapping[str, Sequence[PromoCode]],
    may_reuse: Collection[str],
    now: datetime,
) -> tuple[dict[int, str], dict[int, str]]:
    """Return what is wrong with the codes, and those of them that somebody else had before."""
    problems: dict[int, str] = {}
    had_before: dict[int, str] = {}
    first: dict[str, int] = {}
    for pk, code in wanted.items():
        others = [row for row in earlier.get(code, ()) if row.enrollment_id != pk]
        if not is_code(code):
            problems[pk] = f"{code or 'an empty text'} is not a code: {CODE_RULE}"
        elif first.setdefault(code, pk) != pk:
            problems[pk] = problems[first[code]] = f"the code {code} is in this list twice"
        elif any(row.is_in_use for row in others):
            problems[pk] = f"the code {code} belongs to someone else"
        elif until := next(filter(None, (row.works_until(now) for row in others)), None):
            problems[pk] = f"the code {code} works for someone else until {moment(until)}"
        elif others and code not in may_reuse:
            had_before[pk] = code
            problems[pk] = f"the code {code} belonged to {had_until(max(others, key=_ended_at))}"
    return problems, had_before


def _unseen(replaced: QuerySet[PromoCode], seen: Mapping[int, str]) -> dict[int, str]:
    """Say of each code that nobody has seen that it would end."""
    return {
        row.enrollment_id: f"they have the code {row.code} by now: confirm again to replace it"
        for row in replaced
        if row.code != seen.get(row.enrollment_id, "")
    }


def had_until(row: PromoCode) -> str:
    """Return who had a code that was ended: "Mara Lindqvist until 3 Nov 2026, 12:00"."""
    return f"{row.enrollment.member} until {moment(row.deactivated_at)}"


def _from_pattern(offer: Offer, member: Member) -> str:
    name = member.first_name or member.email.partition("@")[0] or "MEMBER"
    filled = (
        offer.code_pattern.replace("{FIRST_NAME}", name)
        .replace("{LAST_NAME}", member.last_name)
        .replace("{OFFER}", offer.name)
    )
    return code_from(filled) or f"MEMBER{member.pk}"


def _numbered(stem: str, number: int) -> str:
    """The stem with a number; 1 adds none. A long stem is cut to make space."""
    return stem if number == 1 else f"{stem[: MAX_CODE_LENGTH - len(str(number))]}{number}"


def _taken(codes: Iterable[str]) -> set[str]:
    """Those of the codes that a member of the brand has or had."""
    return {row.code.upper() for row in PromoCode.objects.named(codes)}
