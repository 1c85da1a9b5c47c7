"""Settings → Email templates: saved texts from which staff start a mail to members."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from csp.decorators import csp
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.html import strip_tags
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Brand
from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.emails.composing import MAIL_FRAME
from brand_admin.emails.draft import TITLES, prepared_for
from brand_admin.emails.forms import NewTemplateForm, TemplateForm
from brand_admin.emails.frames import frame_height
from brand_admin.emails.progress import in_words
from brand_admin.pages import render_page
from brand_admin.refusals import add_refusal
from brand_admin.versioned import Meanwhile, meanwhile
from core.versions import ChangedMeanwhileError
from notifications.models import EmailTemplate, Purpose
from notifications.rendering import VARIABLES, Rendered, render
from notifications.selectors import saved_templates
from notifications.services import TemplateNameError, delete_template, save_template
from tracking.outreach.first_texts import FIRST_TEXTS

SECTION = "settings"
PAGE = "brand_admin/settings/email_template.html"
EXAMPLE = {
    "first_name": "Mara",
    "full_name": "Mara Lindqvist",
    "offer_name": "Winter Glow",
    "promo_code": "MARA15",
    "tracking_link": "https://shop.example/r/mara",
    "dashboard_link": "https://shop.example/d/mara",
    "commission": "10% of every sale",
}


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A saved template in the list; `subject` has the labels of its variables."""

    template: EmailTemplate
    subject: str


@require_safe
@brand_page(Permission.READ)
def template_list(request: BrandRequest) -> HttpResponse:
    """List the saved templates for each of the two kinds of mail."""
    known = {"brand_name": request.brand.name}
    groups = [
        {
            "purpose": purpose,
            "title": title,
            "written": in_words(FIRST_TEXTS[purpose].subject, known),
            "rows": [
                TemplateRow(row, in_words(row.subject, known)) for row in saved_templates(purpose)
            ],
        }
        for purpose, title in TITLES.items()
    ]
    return render_page(
        request, "brand_admin/settings/email_templates.html", section=SECTION, groups=groups
    )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def template_new(request: BrandRequest, purpose: str) -> HttpResponse:
    """Add a template, which begins as the built-in text."""
    if purpose not in TITLES:
        raise Http404
    first = FIRST_TEXTS[purpose]
    start = {"subject": first.subject, "body": first.body}
    form = NewTemplateForm(request.POST if request.method == "POST" else None, initial=start)
    saved = _saved(request, form, Purpose(purpose))
    return saved or _page(request, form, purpose=TITLES[purpose])


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def template_edit(request: BrandRequest, template_id: int) -> HttpResponse:
    """Edit a template. A person who saves second sees what the first one changed."""
    row: EmailTemplate = get_object_or_404(EmailTemplate, pk=template_id)
    form, told = TemplateForm.of(row, request.POST if request.method == "POST" else None), None
    try:
        saved = _saved(request, form, Purpose(row.purpose), row)
    except ChangedMeanwhileError:
        row, saved = EmailTemplate.objects.get(pk=row.pk), None
        form, found = meanwhile(form, current=TemplateForm.of(row), version=row.version, target=row)
        told = _in_plain_words(found)
    return saved or _page(
        request,
        form,
        purpose=TITLES[row.purpose],
        row=row,
        height=frame_height(_to_example(request.brand, row).text),
        meanwhile=told,
    )


@require_safe
@csp(MAIL_FRAME)
@brand_page(Permission.READ)
def template_frame(request: BrandRequest, template_id: int) -> HttpResponse:
    """Show the saved template as a mail to an example member."""
    row: EmailTemplate = get_object_or_404(EmailTemplate, pk=template_id)
    return HttpResponse(_to_example(request.brand, row).html)


def _to_example(brand: Brand, row: EmailTemplate) -> Rendered:
    mail = prepared_for(brand, {"subject": row.subject, "body": row.body})
    values = {**EXAMPLE, "brand_name": brand.name, "sender_name": brand.sender_name or brand.name}
    return render(mail, values=values, unsubscribe_link="https://shop.example/")


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def template_delete(request: BrandRequest, template_id: int) -> HttpResponse:
    """Ask for confirmation, then delete the template."""
    row: EmailTemplate = get_object_or_404(EmailTemplate, pk=template_id)
    if request.method == "POST":
        delete_template(template=row, by=request.actor, now=timezone.now())
        messages.success(request, f"“{row.name}” is deleted.")
        return redirect("brand_admin:settings_templates", request.brand.slug)
    return render_page(
        request, "brand_admin/settings/email_template_delete.html", section=SECTION, row=row
    )


def _saved(
    request: BrandRequest,
    form: NewTemplateForm,
    purpose: Purpose,
    template: EmailTemplate | None = None,
) -> HttpResponse | None:
    """Save the posted template and redirect; None without a post or with an error."""
    if not form.is_bound or not form.is_valid():
        return None
    given = form.cleaned_data
    try:
        row = save_template(
            purpose=purpose,
            name=given["name"],
            subject=given["subject"],
            body=given["body"],
            by=request.actor,
            now=timezone.now(),
            template=template,
            seen_version=given.get("version"),
        )
    except TemplateNameError as error:
        add_refusal(form, error, field="name")
        return None
    messages.success(request, f"“{row.name}” is saved.")
    return redirect("brand_admin:template", request.brand.slug, row.pk)


def _in_plain_words(told: Meanwhile) -> Meanwhile:
    """Show both versions of the message without markup."""
    changes = (
        replace(
            change,
            before=strip_tags(change.before),
            now=strip_tags(change.now),
            yours=strip_tags(change.yours),
        )
        for change in told.changes
    )
    return replace(told, changes=tuple(changes))


def _page(
    request: BrandRequest,
    form: NewTemplateForm,
    *,
    meanwhile: Meanwhile | None = None,
    **context: Any,
) -> HttpResponse:
    return render_page(
        request,
        PAGE,
        section=SECTION,
        status=409 if meanwhile else 422 if form.errors else 200,
        meanwhile=meanwhile,
        text_form=form,
        variables=VARIABLES.values(),
        **context,
    )
