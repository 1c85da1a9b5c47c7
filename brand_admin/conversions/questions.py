"""A question of a member about a sale that they miss, and its one answer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.audit_log.selectors import history_of
from accounts.permissions import Permission
from brand_admin import history
from brand_admin.access import BrandRequest, brand_page
from brand_admin.conversions.forms import AnswerForm
from brand_admin.conversions.question_findings import (
    facts_of,
    order_summary,
    suggested_answer,
    verdict_of,
)
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from core.references import Reference
from core.text import one_line
from notifications.selectors import suppressed_among
from tracking.models import Question
from tracking.questions.selectors import (
    Findings,
    findings_of,
    questions,
)
from tracking.questions.services import (
    AnswerError,
    answer_by_attributing,
    explain_question,
    refuse_question,
)

SECTION = "conversions"


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.MANAGE)
def question_page(request: BrandRequest, question_id: int) -> HttpResponse:
    """One question with all that is known about it, and the form to answer it."""
    question = get_object_or_404(questions(), pk=question_id)
    reference = one_line(request.GET.get("order", "").replace("\0", ""))[:120]
    known = findings_of(question, reference=reference)
    free = known.attributable(question.enrollment)
    kind = _kind(request, can_attribute=bool(free))
    form = AnswerForm(
        request.POST if request.method == "POST" else None,
        orders=free,
        kind=kind,
        suggested=suggested_answer(question, known, kind),
    )
    if form.is_valid():
        try:
            _answer(request, question, kind, form)
        except AnswerError as error:
            add_refusal(form, error)
        else:
            messages.success(request, f"{question.enrollment.member} has your answer.")
            return redirect("brand_admin:questions", request.brand.slug)
    return _show(request, question, known, form, kind, reference)


def _kind(request: BrandRequest, *, can_attribute: bool) -> str:
    """The kind of answer being written; the likely one unless the address says otherwise."""
    if request.method == "POST":
        return request.POST.get("answer", "")
    wanted = request.GET.get("answer", "")
    if wanted in {"explain", "refuse"} or (wanted == "attribute" and can_attribute):
        return wanted
    return "attribute" if can_attribute else "explain"


def _answer(request: BrandRequest, question: Question, kind: str, form: AnswerForm) -> None:
    text, now = form.cleaned_data["text"], timezone.now()
    if kind == "attribute":
        answer_by_attributing(
            question=question,
            order_id=int(form.cleaned_data["order_id"]),
            text=text,
            by=request.actor,
            now=now,
        )
    elif kind == "explain":
        explain_question(question=question, text=text, by=request.actor, now=now)
    elif kind == "refuse":
        refuse_question(question=question, text=text, by=request.actor, now=now)
    else:
        raise AnswerError("Choose how to answer: add the sale, explain or refuse.")


def _show(
    request: BrandRequest,
    question: Question,
    known: Findings,
    form: AnswerForm,
    kind: str,
    reference: str,
) -> HttpResponse:
    address = question.enrollment.member.email
    return render_page(
        request,
        "brand_admin/conversions/question.html",
        section=SECTION,
        status=422 if form.errors else 200,
        question=question,
        member=question.enrollment.member,
        offer=question.enrollment.offer,
        verdict=verdict_of(question, known.orders),
        orders=[(found, order_summary(found)) for found in known.orders],
        facts=facts_of(question, known),
        reference=reference,
        form=form,
        kind=kind,
        is_attributing=kind == "attribute",
        is_explaining=kind == "explain",
        is_refusing=kind == "refuse",
        text_label=f"What {question.enrollment.member} reads",
        can_attribute=bool(known.attributable(question.enrollment)),
        reachable=bool(address) and not suppressed_among([address]),
        history=history.lines(history_of([Reference.to(question)])),
    )
