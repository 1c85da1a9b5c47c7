"""Give 10,000 members codes and links as a worker does; show time and memory."""

from __future__ import annotations

import uuid

from background.work_requests import WorkRequest, request_work
from benchmarks.as_worker import run_as_worker
from benchmarks.brand_with_members import BY, NOW, BrandWithMembers, analyze, make_brand
from benchmarks.figures import Memory, show, timed
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
        sample = make_brand(slug, members=MEMBERS, first_names=first_names)
        analyze()
        memory = Memory()
        seconds = timed(lambda sample=sample: generate(sample))  # type: ignore[misc]
        with acting_for(sample.brand):
            codes = set(PromoCode.objects.values_list("code", flat=True))
            assert len(codes) == TrackingLink.objects.count() == MEMBERS
        show(what, f"{seconds:.1f} s, {2 * MEMBERS / seconds:,.0f}/s, {memory.grown}")


def generate(sample: BrandWithMembers) -> None:
    with acting_for(sample.brand):
        ids = Enrollment.objects.order_by("pk").values_list("pk", flat=True)
        request = WorkRequest(
            kind=GENERATE,
            title="Codes",
            about="bench",
            total=len(ids),
            confirmation=uuid.uuid4(),
            given=(f"{pk} 1 1\n".encode() for pk in ids),
        )
        work, _ = request_work(request, by=BY, now=NOW)
        run_as_worker(work)
