"""Ask the brand about a missing sale, and read its answers."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.actors import Actor
from affiliates.services import set_language_if_unset
from core.kept_queries import KeptRows, kept_selection
from core.languages import spoken_tag
from portal.dashboard.access import Visit, dashboard_page
from portal.dashboard.forms import MissingSaleForm
from portal.dashboard.frame import render_page
from portal.dashboard.questions import question_rows
from tracking.models import Question
from tracking.questions.selectors import questions_of
from tracking.questions.services import QuestionError, ask_about_order

PER_PAGE = 25


@dashboard_page(writes=True)
def questions(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Ask about a missing order, and list earlier questions with their answers."""
    form = MissingSaleForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            asked = ask_about_order(
                enrollment=visit.enrollment,
                **form.cleaned_data,
                by=Actor.of_member(str(visit.member)),
                now=visit.now,
            )
        except QuestionError as error:
            form.add_error(error.field, str(error))
        else:
            if visit.member.creator is not None:
                set_language_if_unset(creator=visit.member.creator, tag=spoken_tag())
            return redirect(f"{reverse('portal:questions', args=[visit.token])}?asked={asked.pk}")
    earlier: Any = KeptRows(kept_selection(questions_of), {"enrollment_id": visit.enrollment.pk})
    page: Page[Question] = Paginator(earlier, PER_PAGE).get_page(request.GET.get("page"))
    rows = question_rows(page.object_list)
    return render_page(
        request,
        "questions",
        visit,
        status=422 if form.errors else 200,
        form=form,
        page=page,
        rows=rows,
        asked=next((row for row in rows if str(row.id) == request.GET.get("asked")), None),
    )
