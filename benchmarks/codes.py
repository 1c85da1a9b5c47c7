"""Give 10,000 members codes and links as a worker does, and the memory that it takes."""

from __future__ import annotations

import uuid

from accounts.background import Request, ask
from benchmarks.crowd import BY, NOW, Crowd, analyze, gather
from benchmarks.figures import Memory, show, timed
from benchmarks.working import let_a_worker
from core.tenancy import acting_for
from offers.models import Enrollment
from tracking.links.bulk_generation import GENERATE
from tracking.models import PromoCode, TrackingLink

MEMBERS = 10_000


def run() -> None:
    show("members", f"{MEMBERS:,}")
    for slug, first_names, what in (
        ("names", 500, "10,000 codes and links, 500 first names"),
        ("namesakes", 1, "10,000 codes and links, all of one name"),
    ):
        crowd = gather(slug, members=MEMBERS, first_names=first_names)
        analyze()
        memory = Memory()
        seconds = timed(lambda crowd=crowd: generate(crowd))  # type: ignore[misc]
        with acting_for(crowd.brand):
            codes = set(PromoCode.objects.values_list("code", flat=True))
            assert len(codes) == TrackingLink.objects.count() == MEMBERS
        show(what, f"{seconds:.1f} s, {2 * MEMBERS / seconds:,.0f}/s, {memory.grown}")


def generate(crowd: Crowd) -> None:
    with acting_for(crowd.brand):
        ids = Enrollment.objects.order_by("pk").values_list("pk", flat=True)
        request = Request(
            kind=GENERATE,
            title="Codes",
            about="bench",
            total=len(ids),
            confirmation=uuid.uuid4(),
            given=(f"{pk} 1 1\n".encode() for pk in ids),
        )
        work, _ = ask(request, by=BY, now=NOW)
        let_a_worker(work)
