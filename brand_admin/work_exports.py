"""Every export by its name, and how a worker makes one."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from django.http import Http404, QueryDict
from django.utils import timezone

from background.files import add_chunk, delete_file
from background.models import WorkFile
from background.running import WorkError, WorkSlice, count_batch
from brand_admin.background import lists as work_lists
from brand_admin.conversions import questions as question_views
from brand_admin.conversions import views as conversion_views
from brand_admin.emails import exports as email_exports
from brand_admin.exporting import Asked, Source
from brand_admin.members import parts as member_parts
from brand_admin.members import views as member_views
from brand_admin.offers import views as offer_views
from brand_admin.payments import exports as payment_views
from brand_admin.payments import run_lists
from brand_admin.projects import lists as project_lists
from brand_admin.reporting import views as reporting_views
from brand_admin.settings import audit as audit_views
from core.csv_export import csv_lines

ROWS = 1_000  # in one piece of the file

SOURCES: Mapping[str, Source] = {
    "audit": audit_views.audit_file,
    "campaigns": email_exports.campaigns_file,
    "campaign": email_exports.campaign_file,
    "conversions": conversion_views.conversions_file,
    "due": payment_views.due_file,
    "member_history": member_parts.member_history_file,
    "members": member_views.members_file,
    "messages": email_exports.messages_file,
    "offer": reporting_views.offer_file,
    "offers": offer_views.offers_file,
    "payments": payment_views.payments_file,
    **project_lists.SOURCES,
    "questions": question_views.questions_file,
    "run": run_lists.run_members_file,
    "runs": run_lists.runs_file,
    "sales_tracking": reporting_views.sales_tracking_file,
    "suppressed": email_exports.suppressions_file,
    "work": work_lists.work_file,
}


def make_export(work_slice: WorkSlice) -> bool:
    """Make the file from its first line to its last, a committed piece at a time.

    A list changes while it is read, so another worker's attempt begins anew.
    """
    told = work_slice.work.parameters
    brand = work_slice.work.brand
    with timezone.override(brand.zone):
        asked = Asked(brand=brand, GET=QueryDict(told["query"]))
        try:
            export = SOURCES[told["export"]](asked, now=work_slice.clock(), **told["args"])
        except Http404 as error:
            raise WorkError("the list to export does not exist any more") from error
        _begin_anew(work_slice, filename=export.filename, rows=export.rows)
        lines = csv_lines(export.lines)
        header = next(lines, "")
        number = 0
        while (piece := list(islice(lines, ROWS))) or header:
            with work_slice.batch() as work:
                content = (header + "".join(piece)).encode()
                add_chunk(work, WorkFile.MADE, number=number, content=content)
                count_batch(work, done=len(piece), counts={})
                work.total = max(work.total, work.done)
            header, number = "", number + 1
    with work_slice.batch() as work:
        work.total = work.done
    return True


def _begin_anew(work_slice: WorkSlice, *, filename: str, rows: int) -> None:
    with work_slice.batch() as work:
        delete_file(work, WorkFile.MADE)
        work.filename, work.done, work.total = filename, 0, rows
