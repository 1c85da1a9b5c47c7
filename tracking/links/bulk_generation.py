"""Give many members codes and links as long work: batches that commit with the count.

Codes are suggested from the naming pattern as each batch comes up. Whoever can't be given theirs is
left out and named; whoever got one meanwhile keeps it.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice

from accounts.actors import Actor
from accounts.background import Problem, Request, Turn, lines_of, note, start
from accounts.models import Work, WorkFile
from core.batches import batches
from offers.models import Enrollment, Offer
from tracking.links.generating import generate_items
from tracking.links.items import ItemError
from tracking.links.promo_codes import suggest_codes
from tracking.models import PromoCode, TrackingLink

GENERATE = "generate"
BATCH = 500
TRIES = 3  # a code suggested may be taken the moment after


def ask_to_generate(
    *,
    codes_for: Collection[int],
    links_for: Collection[int],
    title: str,
    about: str,
    confirmation: uuid.UUID,
    by: Actor,
    now: datetime,
) -> Work:
    """Give the enrollments of these ids a code, a link, or both where an id is in both."""
    codes, links = set(codes_for), set(links_for)
    everybody = sorted(codes | links)
    request = Request(
        kind=GENERATE,
        title=title,
        about=about,
        total=len(everybody),
        confirmation=confirmation,
        given=(f"{pk} {int(pk in codes)} {int(pk in links)}\n".encode() for pk in everybody),
    )
    return start(request, handler=generate, by=by, now=now)


def generate(turn: Turn) -> bool:
    """Go on after what is counted, until the turn is over."""
    rows = islice(_wanted(turn.work), turn.work.done, None)
    for batch in batches(rows, BATCH, tables=(PromoCode, TrackingLink)):
        with turn.batch() as work:
            given, problems = _give(batch, by=turn.by, now=turn.clock())
            note(work, done=len(batch), counts=given, problems=problems)
        if turn.is_over:
            return turn.work.done >= turn.work.total
    return True


def _wanted(work: Work) -> Iterator[tuple[int, bool, bool]]:
    """Enrollment id, whether a code, whether a link."""
    for line in lines_of(work, WorkFile.GIVEN):
        pk, code, link = line.split()
        yield int(pk), code == "1", link == "1"


def _give(
    batch: Sequence[tuple[int, bool, bool]], *, by: Actor, now: datetime
) -> tuple[Counter[str], list[Problem]]:
    """Give a batch what it lacks; how many of what came of it, and who was left out."""
    locked = Enrollment.objects.select_for_update(of=("self",)).filter(
        pk__in=[pk for pk, _, _ in batch]
    )
    rows = {row.pk: row for row in locked.select_related("member").order_by("pk")}
    codes = PromoCode.objects.in_use().filter(enrollment__in=list(rows))
    having = set(codes.values_list("enrollment_id", flat=True))
    alike: dict[tuple[int, bool, bool], list[Enrollment]] = defaultdict(list)
    problems: list[Problem] = []
    for pk, code, link in batch:
        row = rows[pk]
        if not row.is_active:
            problems.append(Problem(None, str(row.member), "is not active in this offer any more"))
        else:
            alike[row.offer_id, code and pk not in having, link].append(row)
    given: Counter[str] = Counter()
    offers = Offer.objects.in_bulk({offer_id for offer_id, _, _ in alike})
    for (offer_id, code, link), group in alike.items():
        offer = offers[offer_id]
        problems += _give_alike(offer, group, code=code, link=link, given=given, by=by, now=now)
    return given, problems


def _give_alike(
    offer: Offer,
    rows: list[Enrollment],
    *,
    code: bool,
    link: bool,
    given: Counter[str],
    by: Actor,
    now: datetime,
) -> list[Problem]:
    """Give rows of one offer the same; who is refused again and again is left out."""
    problems: list[Problem] = []
    tries = 0
    while rows:
        wanted = suggest_codes(offer=offer, enrollments=rows) if code else {}
        tries += 1
        try:
            codes, links = generate_items(
                enrollments=rows, codes=wanted, links=link, by=by, now=now
            )
        except ItemError as error:
            if tries >= TRIES:
                why = error.problems
                problems += [
                    Problem(None, str(row.member), why[row.pk]) for row in rows if row.pk in why
                ]
                rows = [row for row in rows if row.pk not in why]
        else:
            given.update(codes=len(codes), links=len(links))
            return problems
    return problems
