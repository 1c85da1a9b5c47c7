"""The page of one piece of background work: its progress and its result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.permissions import Permission
from background.files import read_file_bytes, read_file_lines
from background.models import Work, WorkFile, WorkProblem, WorkState
from background.selectors import problems_of
from background.sweeping import FILES_KEPT
from brand_admin.access import BrandRequest, brand_page
from brand_admin.background.preview_row import PreviewRow
from brand_admin.columns_form import ColumnsForm
from brand_admin.file_form import ReplaceCodesForm
from brand_admin.pages import csv_response, render_page
from brand_admin.work_kinds import KINDS
from brand_admin.work_progress import WorkProgress
from core.references import Reference
from core.tenancy import acting_for
from offers.models import Offer
from payouts.models import PayoutRun
from tracking.importing.column_choice import missing_fields
from tracking.importing.csv_rows import MEMBER_COLUMNS, read_rows
from tracking.importing.member_codes import is_asked, is_remark
from tracking.importing.members_in_background import ASKS, PREVIEW, REMARKS, REMARKS_ON_DATES
from tracking.importing.orders_in_background import PREVIEWS, ImportChoice, shown_entries
from tracking.links.link_test import LINK_TEST, report_of

SHOWN_ROWS = 50


@require_safe
@brand_page(Permission.READ)
def work_page(request: BrandRequest, work_id: int) -> HttpResponse:
    """Show the progress of a work while it runs, then its result."""
    work = get_object_or_404(Work, pk=work_id)
    row = WorkProgress.of(work)
    more = MORE.get(work.kind, _nothing_more)(work) if work.state == WorkState.DONE else {}
    return render_page(
        request,
        "brand_admin/background/page.html",
        section=row.kind.section,
        row=row,
        work=work,
        about=_about(work),
        page=Paginator(problems_of(work), SHOWN_ROWS).get_page(request.GET.get("page")),
        file_goes_at=work.finished_at and work.finished_at + FILES_KEPT,
        **more,
    )


@require_safe
@brand_page(Permission.READ)
def work_file(request: BrandRequest, work_id: int) -> HttpResponseBase:
    """Stream the file that a work made. Files are deleted after FILES_KEPT."""
    work = get_object_or_404(Work, pk=work_id, state=WorkState.DONE, files_gone_at=None)
    if not work.filename:
        raise Http404
    brand = request.brand

    def content() -> Iterator[bytes]:
        with acting_for(brand):
            yield from read_file_bytes(work, WorkFile.MADE)

    return StreamingHttpResponse(
        content(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{work.filename}"'},
    )


@require_safe
@brand_page(Permission.READ)
def left_out_csv(request: BrandRequest, work_id: int) -> HttpResponseBase:
    """Stream all skipped rows, each with the reason, as CSV."""
    work = get_object_or_404(Work, pk=work_id)
    name = f"{request.brand.slug}-left-out-{work.pk}.csv"
    return csv_response(request, name, _problem_lines(work))


def _problem_lines(work: Work) -> Iterator[list[str]]:
    yield ["line", "what", "why"]
    for each in problems_of(work).iterator(chunk_size=2_000):
        yield [str(each.line or ""), each.subject, each.message]


def _about(work: Work) -> dict[str, Any]:
    """Return the object that the page of the work links to."""
    about = Reference(work.about)
    return {} if about.number is None else {about.kind: about.number}


def _nothing_more(work: Work) -> dict[str, Any]:
    return {}


def _preview(work: Work) -> dict[str, Any]:
    """Return the first rows of the file, each with its problem if it is skipped."""
    offer = Offer.objects.filter(pk=work.parameters["offer"]).first()
    if work.files_gone_at:
        return {"offer": offer, "rows": [], "more": 0, "good": 0}
    rows = list(
        islice(read_rows(read_file_lines(work, WorkFile.GIVEN), columns=MEMBER_COLUMNS), SHOWN_ROWS)
    )
    wrong: dict[int | None, WorkProblem] = {}
    for problem in problems_of(work).filter(line__in=[line for line, _ in rows]):
        wrong.setdefault(problem.line, problem)
    marks = {line: _mark(problem.message) for line, problem in wrong.items()}
    return {
        "offer": offer,
        "rows": [(line, cells, wrong.get(line), marks.get(line)) for line, cells in rows],
        "more": max(0, work.total - SHOWN_ROWS),
        "good": sum(work.counts.get(name, 0) for name in ("added", "changed", ASKS)),
        "asks": work.counts.get(ASKS, 0),
        "reused": work.counts.get(REMARKS, 0) - work.counts.get(REMARKS_ON_DATES, 0),
        "like_dates": work.counts.get(REMARKS_ON_DATES, 0),
        "replace_form": ReplaceCodesForm(),
    }


def _mark(message: str) -> str:
    """Whether a row goes in, though something is said of it."""
    return "asked" if is_asked(message) else "in" if is_remark(message) else ""


def _order_preview(work: Work) -> dict[str, Any]:
    """Return the first orders of the file as they were read, and the choice of its columns."""
    choice = ImportChoice.of(work)
    counts = work.counts
    return {
        "choice": choice,
        "missing": missing_fields(choice.kind, choice.columns),
        "columns_form": ColumnsForm(choice=choice),
        "entries": [PreviewRow(entry) for entry in shown_entries(work)],
        "good": counts.get("recorded", 0) + counts.get("revised", 0),
    }


def _run(work: Work) -> dict[str, Any]:
    return {"run": PayoutRun.objects.filter(pk=work.parameters["run"]).first()}


MORE: dict[str, Callable[[Work], dict[str, Any]]] = {
    PREVIEW: _preview,
    **dict.fromkeys(PREVIEWS.values(), _order_preview),
    LINK_TEST: report_of,
    **{name: _run for name, kind in KINDS.items() if kind.result == "run"},
}
