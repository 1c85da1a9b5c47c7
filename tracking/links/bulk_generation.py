"""Give codes and links to many members as background work, in batches.

Each batch commits together with its progress. The worker suggests codes from the naming pattern
batch by batch. A member who can't get a code is listed with the reason; a member who got one in the
meantime keeps it.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice

from accounts.actors import Actor
from background.files import read_file_lines
from background.models import Work, WorkFile
from background.running import RowProblem, WorkSlice, count_batch, start_work
from background.work_requests import WorkRequest
from core.batches import batches
from offers.models import Enrollment, Offer
from tracking.links.generating import generate_items
from tracking.links.items import ItemError
from tracking.links.promo_codes import suggest_codes
from tracking.models import PromoCode, TrackingLink

GENERATE = "generate"
BATCH = 500
MAX_ATTEMPTS = 3  # another transaction may take a suggested code first


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
    """Ask a worker to give codes and links to the enrollments with these ids."""
    codes, links = set(codes_for), set(links_for)
    everybody = sorted(codes | links)
    request = WorkRequest(
        kind=GENERATE,
        title=title,
        about=about,
        total=len(everybody),
        confirmation=confirmation,
        given=(f"{pk} {int(pk in codes)} {int(pk in links)}\n".encode() for pk in everybody),
    )
    return start_work(request, handler=generate, by=by, now=now)


def generate(work_slice: WorkSlice) -> bool:
    """Continue after the enrollments that are done, until the time slice is over."""
    rows = islice(_wanted(work_slice.work), work_slice.work.done, None)
    for batch in batches(rows, BATCH, tables=(PromoCode, TrackingLink)):
        with work_slice.batch() as work:
            given, problems = _give(batch, by=work_slice.by, now=work_slice.clock())
            count_batch(work, done=len(batch), counts=given, problems=problems)
        if work_slice.is_over:
            return work_slice.work.done >= work_slice.work.total
    return True


def _wanted(work: Work) -> Iterator[tuple[int, bool, bool]]:
    """Yield enrollment id, whether it gets a code, and whether it gets a link."""
    for line in read_file_lines(work, WorkFile.GIVEN):
        pk, code, link = line.split()
        yield int(pk), code == "1", link == "1"


def _give(
    batch: Sequence[tuple[int, bool, bool]], *, by: Actor, now: datetime
) -> tuple[Counter[str], list[RowProblem]]:
    """Give a batch its missing codes and links; return counts and problems."""
    locked = Enrollment.objects.select_for_update(of=("self",)).filter(
        pk__in=[pk for pk, _, _ in batch]
    )
    rows = {row.pk: row for row in locked.select_related("member").order_by("pk")}
    codes = PromoCode.objects.in_use().filter(enrollment__in=list(rows))
    having = set(codes.values_list("enrollment_id", flat=True))
    alike: dict[tuple[int, bool, bool], list[Enrollment]] = defaultdict(list)
    problems: list[RowProblem] = []
    for pk, code, link in batch:
        row = rows[pk]
        if not row.is_active:
            problems.append(
                RowProblem(None, str(row.member), "is not active in this offer any more")
            )
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
) -> list[RowProblem]:
    """Give rows of one offer the same items; skip a row after MAX_ATTEMPTS."""
    problems: list[RowProblem] = []
    attempts = 0
    while rows:
        wanted = suggest_codes(offer=offer, enrollments=rows) if code else {}
        attempts += 1
        try:
            codes, links = generate_items(
                enrollments=rows, codes=wanted, links=link, by=by, now=now
            )
        except ItemError as error:
            if attempts >= MAX_ATTEMPTS:
                why = error.problems
                problems += [
                    RowProblem(None, str(row.member), why[row.pk]) for row in rows if row.pk in why
                ]
                rows = [row for row in rows if row.pk not in why]
        else:
            given.update(codes=len(codes), links=len(links))
            return problems
    return problems
