"""Give codes and links to many members as background work, in batches.

Each batch commits together with its progress. The worker suggests codes from the naming pattern
batch by batch. A member who is not active any more is listed with the reason; a member who got a
code in the meantime keeps it.
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
from offers.models import Enrollment
from tracking.links.generating import generate_items
from tracking.models import PromoCode, TrackingLink

GENERATE = "generate"
BATCH = 500


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
    in_use = PromoCode.objects.in_use().filter(enrollment__in=list(rows))
    having = set(in_use.values_list("enrollment_id", flat=True))
    alike: dict[tuple[bool, bool], list[Enrollment]] = defaultdict(list)
    problems: list[RowProblem] = []
    for pk, code, link in batch:
        row = rows[pk]
        if not row.is_active:
            problems.append(
                RowProblem(None, str(row.member), "is not active in this offer any more")
            )
        else:
            alike[code and pk not in having, link].append(row)
    given: Counter[str] = Counter()
    for (code, link), group in alike.items():
        codes, links = generate_items(
            enrollments=group,
            codes=dict.fromkeys([row.pk for row in group] if code else []),
            links=link,
            by=by,
            now=now,
        )
        given.update(codes=len(codes), links=len(links))
    return given, problems
