"""Sales Tracking Items: a member's code, link and dashboard link in one offer."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actors import Actor
from affiliates.models import Member
from core.db import lock_identities
from core.tenancy import current_brand_id
from offers.models import Enrollment, EnrollmentStatus, Offer
from tracking.models import ItemStatus, PromoCode, TrackingLink

LONGEST = 40
CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{1,39}")
SLUG_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # no look-alikes  # pragma: allowlist secret
SLUG_LENGTH = 8


class ItemError(ValueError):
    """A code or link can't be given; `problems` says why by enrollment id."""

    def __init__(self, problems: Mapping[int, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


def normal_code(text: str) -> str:
    """A code as it is stored and compared: no spaces, capitals."""
    return "".join(text.split()).upper()


def suggest_codes(*, offer: Offer, enrollments: Sequence[Enrollment]) -> dict[int, str]:
    """A free code for each enrollment, by the offer's naming pattern.

    The pattern may hold {FIRST_NAME}, {LAST_NAME} and {OFFER}; a clash gets a number at the end.
    """
    wanted = {row.pk: _from_pattern(offer, row.member) for row in enrollments}
    suggestions: dict[int, str] = {}
    taken: set[str] = set()
    looked_to: dict[str, int] = defaultdict(int)  # how far a stem's numbers were looked at
    share = 1
    while lacking := [pk for pk in wanted if pk not in suggestions]:
        rooms = {
            stem: range(looked_to[stem] + 1, looked_to[stem] + members * share + 1)
            for stem, members in Counter(wanted[pk] for pk in lacking).items()
        }
        codes = {stem: [_numbered(stem, number) for number in room] for stem, room in rooms.items()}
        taken |= _taken(code for listed in codes.values() for code in listed)
        free = {stem: iter(listed) for stem, listed in codes.items()}
        for pk in lacking:
            code = next((code for code in free[wanted[pk]] if code not in taken), None)
            if code is not None:
                taken.add(code)
                suggestions[pk] = code
        looked_to.update({stem: room.stop - 1 for stem, room in rooms.items()})
        share *= 2
    return {pk: suggestions[pk] for pk in wanted}


@transaction.atomic
def give_codes(
    *, codes: Mapping[int, str], enrollments: Sequence[Enrollment], by: Actor, now: datetime
) -> list[PromoCode]:
    """Give each enrollment the code named for it by id, replacing the one it has.

    All or nothing: raises ItemError naming every malformed, doubled or taken code. A code that the
    enrollment has already stays as it is; one that it had before comes back.
    """
    rows = {row.pk: row for row in enrollments}
    wanted = {pk: normal_code(code) for pk, code in codes.items()}
    brand_id = current_brand_id()
    lock_identities(f"code:{brand_id}:{code}" for code in wanted.values())
    own, problems = _check_codes(wanted)
    if problems:
        raise ItemError(problems)
    changing = {
        pk: code
        for pk, code in wanted.items()
        if (code not in own) or own[code].status != ItemStatus.ACTIVE
    }
    PromoCode.objects.filter(enrollment__in=list(changing), status=ItemStatus.ACTIVE).update(
        status=ItemStatus.INACTIVE, deactivated_at=now
    )
    returning = [own[code] for code in changing.values() if code in own]
    for code_row in returning:
        code_row.status, code_row.deactivated_at = ItemStatus.ACTIVE, None
    PromoCode.objects.bulk_update(returning, ["status", "deactivated_at"])
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


@transaction.atomic
def give_links(
    *, enrollments: Iterable[Enrollment], by: Actor, now: datetime
) -> list[TrackingLink]:
    """Give every enrollment without an active tracking link one."""
    rows = {row.pk: row for row in enrollments}
    having = set(
        TrackingLink.objects.filter(
            enrollment__in=list(rows), status=ItemStatus.ACTIVE, destination_url=""
        ).values_list("enrollment_id", flat=True)
    )
    new = TrackingLink.objects.bulk_create(
        TrackingLink(enrollment=row, slug=new_slug(), created_at=now)
        for pk, row in rows.items()
        if pk not in having
    )
    audit.record_many(
        action="link.given", targets=[(row, {"slug": row.slug}) for row in new], by=by, now=now
    )
    return new


@transaction.atomic
def generate_items(
    *,
    enrollments: Sequence[Enrollment],
    codes: Mapping[int, str],
    links: bool,
    by: Actor,
    now: datetime,
    deep_links: Mapping[int, str] | None = None,
) -> tuple[list[PromoCode], list[TrackingLink]]:
    """Give codes (by enrollment id) and, if told, links: all of it or nothing.

    `deep_links` makes some a link to one page of the shop besides. Raises ItemError as `give_codes`
    and `make_deep_link` do, and for anybody who is not active in the offer.
    """
    ids = [row.pk for row in enrollments]
    # In one order, so that the same button pressed twice waits instead of giving twice.
    rows = list(
        Enrollment.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    )
    idle = [row for row in rows if row.status != EnrollmentStatus.ACTIVE]
    if idle:
        raise ItemError({row.pk: "is not active in this offer" for row in idle})
    given = give_codes(codes=codes, enrollments=rows, by=by, now=now) if codes else []
    made = give_links(enrollments=rows, by=by, now=now) if links else []
    by_id = {row.pk: row for row in rows}
    for pk, url in (deep_links or {}).items():
        made.append(make_deep_link(enrollment=by_id[pk], destination_url=url, by=by, now=now))
    return given, made


@transaction.atomic
def make_deep_link(
    *, enrollment: Enrollment, destination_url: str, by: Actor, now: datetime
) -> TrackingLink:
    """A tracking link to one page of the shop; asking for the same page again returns the same.

    Raises ItemError when the offer makes none, or the page is not on its allowed domains.
    """
    offer = enrollment.offer
    if not (offer.gives_links and offer.deep_links_allowed):
        raise ItemError({enrollment.pk: _("this offer makes no deep links")})
    if enrollment.status != EnrollmentStatus.ACTIVE:
        raise ItemError({enrollment.pk: _("you are not active in this offer")})
    if not offer.allows_host_of(destination_url) or len(destination_url) > 2000:
        problem = _("%(address)s is not an address of the shop") % {"address": destination_url}
        raise ItemError({enrollment.pk: problem})
    link = TrackingLink.objects.filter(
        enrollment=enrollment, destination_url=destination_url, status=ItemStatus.ACTIVE
    ).first()
    if link is None:
        link = TrackingLink.objects.create(
            enrollment=enrollment, slug=new_slug(), destination_url=destination_url, created_at=now
        )
        audit.record(action="link.given", target=link, by=by, now=now, slug=link.slug)
    return link


@transaction.atomic
def deactivate_items(*, enrollment: Enrollment, by: Actor, now: datetime) -> None:
    """Take an enrollment's codes and links out of use; their past stays attributed."""
    for model in (PromoCode, TrackingLink):
        model.objects.filter(enrollment=enrollment, status=ItemStatus.ACTIVE).update(
            status=ItemStatus.INACTIVE, deactivated_at=now
        )
    audit.record(action="items.deactivated", target=enrollment, by=by, now=now)


def new_slug() -> str:
    """About 40 bits of chance; PostgreSQL refuses the rare double."""
    return "".join(secrets.choice(SLUG_ALPHABET) for _ in range(SLUG_LENGTH))


def _check_codes(wanted: Mapping[int, str]) -> tuple[dict[str, PromoCode], dict[int, str]]:
    """The codes that are the enrollments' own already, and what is wrong with the others."""
    problems: dict[int, str] = {}
    own: dict[str, PromoCode] = {}
    first: dict[str, int] = {}
    codes = [code for code in wanted.values() if CODE.fullmatch(code)]
    taken = {
        row.code.upper(): row
        for row in PromoCode.objects.annotate(upper=Upper("code")).filter(upper__in=codes)
    }
    for pk, code in wanted.items():
        holder = taken.get(code)
        if not CODE.fullmatch(code):
            problems[pk] = f"{code or 'an empty text'} is no code: use 2 to 40 of A-Z 0-9 - _"
        elif first.setdefault(code, pk) != pk:
            problems[pk] = problems[first[code]] = f"the code {code} stands twice in this list"
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
    plain = unicodedata.normalize("NFKD", filled).encode("ascii", "ignore").decode()
    code = re.sub(r"[^A-Z0-9_-]", "", plain.upper())[:36].lstrip("-_")
    return code if CODE.fullmatch(code) else f"MEMBER{member.pk}"


def _numbered(stem: str, number: int) -> str:
    """The first has no number; a long stem gives way to it."""
    return stem if number == 1 else f"{stem[: LONGEST - len(str(number))]}{number}"


def _taken(codes: Iterable[str]) -> set[str]:
    """Those of the codes that somebody in the brand has or had."""
    found = PromoCode.objects.annotate(upper=Upper("code")).filter(upper__in=list(codes))
    return set(found.values_list("upper", flat=True))
