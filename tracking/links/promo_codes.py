"""Suggest free promo codes by an offer's naming pattern, and give codes to enrollments."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Upper

from accounts.actors import Actor
from accounts.audit_log import audit
from affiliates.models import Member
from core.db import lock_identities
from core.tenancy import current_brand_id
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


def suggest_codes(*, offer: Offer, enrollments: Sequence[Enrollment]) -> dict[int, str]:
    """Return a free code by enrollment id, by the offer's naming pattern.

    The pattern may contain {FIRST_NAME}, {LAST_NAME} and {OFFER}. A code that is taken gets a
    number at its end.
    """
    wanted = {row.pk: _from_pattern(offer, row.member) for row in enrollments}
    suggestions: dict[int, str] = {}
    taken: set[str] = set()
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


@transaction.atomic
def give_codes(
    *, codes: Mapping[int, str], enrollments: Sequence[Enrollment], by: Actor, now: datetime
) -> list[PromoCode]:
    """Give codes to enrollments by id, replacing their active codes: all or none.

    A code that the enrollment had before becomes active again. Raises ItemError that lists every
    malformed, repeated or taken code.
    """
    rows = {row.pk: row for row in enrollments}
    wanted = {pk: normal_code(code) for pk, code in codes.items()}
    brand_id = current_brand_id()
    lock_identities(f"code:{brand_id}:{code}" for code in wanted.values())
    own, problems = _check_codes(wanted)
    if problems:
        raise ItemError(problems)
    changing = {
        pk: code for pk, code in wanted.items() if (code not in own) or not own[code].is_in_use
    }
    PromoCode.objects.in_use().filter(enrollment__in=list(changing)).update(**out_of_use(now))
    returning = [own[code] for code in changing.values() if code in own]
    for code_row in returning:
        code_row.put_in_use(now)
    PromoCode.objects.bulk_update(returning, USE_FIELDS)
    new = PromoCode.objects.bulk_create(
        PromoCode(enrollment=rows[pk], code=code, created_at=now)
        for pk, code in changing.items()
        if code not in own
    )
    audit.record_many(
        action="code.given",
        targets=[(row, {"code": row.code}) for row in [*returning, *new]],
        by=by,
        now=now,
    )
    return [*returning, *new]


def _check_codes(wanted: Mapping[int, str]) -> tuple[dict[str, PromoCode], dict[int, str]]:
    """Codes that belong to the enrollments already, and what is wrong with the others."""
    problems: dict[int, str] = {}
    own: dict[str, PromoCode] = {}
    first: dict[str, int] = {}
    codes = [code for code in wanted.values() if is_code(code)]
    taken = {
        row.code.upper(): row
        for row in PromoCode.objects.annotate(upper=Upper("code")).filter(upper__in=codes)
    }
    for pk, code in wanted.items():
        holder = taken.get(code)
        if not is_code(code):
            problems[pk] = f"{code or 'an empty text'} is not a code: {CODE_RULE}"
        elif first.setdefault(code, pk) != pk:
            problems[pk] = problems[first[code]] = f"the code {code} is in this list twice"
        elif holder is not None and holder.enrollment_id != pk:
            problems[pk] = f"the code {code} belongs to someone else"
        elif holder is not None:
            own[code] = holder
    return own, problems


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
    found = PromoCode.objects.annotate(upper=Upper("code")).filter(upper__in=list(codes))
    return set(found.values_list("upper", flat=True))
