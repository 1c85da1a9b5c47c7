"""The email drawer: write, preview each recipient, send, see the progress.

One page for both kinds of campaign. It carries all it needs from action to action, so it works
as plain pages; htmx shows the same pages in a drawer.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from csp.decorators import csp
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.permissions import Permission
from affiliates.segments import segments
from brand_admin.access import BrandRequest, brand_page
from brand_admin.emails.draft import (
    Draft,
    keep_text,
    kept_text,
    prepared_for,
    read_draft,
    with_gaps_named,
)
from brand_admin.emails.forms import DrawerTextForm, TemplateNameForm
from brand_admin.emails.progress import in_words, progress_of
from brand_admin.emails.starting import is_among, starting_texts, text_of
from brand_admin.pages import id_in, render_page
from brand_admin.refusals import add_refusal
from core.references import Reference
from core.versions import ChangedMeanwhileError
from notifications.models import Campaign, Purpose
from notifications.rendering import VARIABLES, missing_values, render
from notifications.selectors import latest_campaign, sent_already, template_named
from notifications.services import (
    AudienceTakenError,
    ConfirmedOtherwiseError,
    PostalAddressMissingError,
    Recipient,
    RecipientsError,
    TemplateNameError,
    confirm_campaign,
    save_template,
)
from notifications.unsubscribe_links import unsubscribe_link
from offers.models import Enrollment
from tracking.outreach.audience import audience
from tracking.outreach.mailing import Split, send_to_members, split

Action = Callable[..., HttpResponse]
SECTION = "emails"
WRITE, PREVIEW = "brand_admin/emails/write.html", "brand_admin/emails/preview.html"
SAVE = "brand_admin/emails/save_template.html"
MAIL_FRAME = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "sandbox": True,
    "frame-ancestors": ["'self'"],
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def compose(request: BrandRequest) -> HttpResponse:
    """Start with the standard text; each button of the drawer posts here with its own `go`."""
    data = request.POST if request.method == "POST" else request.GET
    draft = read_draft(data, back=_way_back(request, data.get("back", "")))
    if "subject" not in data:
        return _replace(request, draft)
    text_form = DrawerTextForm(data)
    action: Action = ACTIONS.get(data.get("go", ""), _write)
    if action not in FOR_ANY_TEXT and not text_form.is_valid():
        return _write(request, draft, text_form, status=422)
    return action(request, draft, text_form)


@never_cache
@require_safe
@csp(MAIL_FRAME)
@brand_page(Permission.MANAGE)
def preview_frame(
    request: BrandRequest, confirmation: uuid.UUID, enrollment_id: int
) -> HttpResponse:
    """The mail exactly as one recipient would get it now, for the preview's frame."""
    text = kept_text(request.user, confirmation)
    if text is None:
        raise Http404
    get_object_or_404(Enrollment, pk=enrollment_id, offer=text["offer"])
    [*shown] = audience(
        purpose=Purpose.EMAIL_MEMBERS,
        enrollments=Enrollment.objects.filter(pk=enrollment_id),
        include_already_sent=True,
        now=timezone.now(),
    ).recipients
    if not shown:
        raise Http404
    link = unsubscribe_link(brand_id=request.brand.pk, address=shown[0].to_address)
    mail = prepared_for(request.brand, text)
    values = with_gaps_named(shown[0].values, missing_values(mail, values=shown[0].values))
    return HttpResponse(render(mail, values=values, unsubscribe_link=link).html)


def _write(
    request: BrandRequest,
    draft: Draft,
    text_form: DrawerTextForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    return _show(
        request,
        WRITE,
        draft,
        status=status,
        text_form=text_form,
        audience=draft.audience(request.brand, now=timezone.now()),
        variables=VARIABLES.values(),
        texts=starting_texts(draft.purpose),
        segments=segments(),
        written="subject" in request.POST,
        **more,
    )


def _start(request: BrandRequest, draft: Draft, text_form: DrawerTextForm) -> HttpResponse:
    """Start over with the chosen text, but ask first if changes would be lost."""
    texts = starting_texts(draft.purpose)
    chosen = text_of(request.POST.get("template", ""), texts)
    if is_among(text_form.data["subject"], text_form.data.get("body", ""), texts):
        return _replace(request, draft)
    return _write(request, draft, text_form, replacing=chosen)


def _replace(
    request: BrandRequest, draft: Draft, text_form: DrawerTextForm | None = None
) -> HttpResponse:
    """Start with the chosen text, or with the standard text."""
    key = request.POST.get("template", draft.started)
    chosen = text_of(key, starting_texts(draft.purpose))
    fresh = DrawerTextForm({"subject": chosen.subject, "body": chosen.body})
    return _write(request, replace(draft, started=chosen.key), fresh)


def _name(request: BrandRequest, draft: Draft, text_form: DrawerTextForm) -> HttpResponse:
    """Ask under which name to save the text; the template it started from is proposed."""
    names = {text.key: text.name for text in starting_texts(draft.purpose)[1:]}
    naming = TemplateNameForm(initial={"name": names.get(draft.started, "")})
    return _show(request, SAVE, draft, status=200, text_form=text_form, naming=naming)


def _save(request: BrandRequest, draft: Draft, text_form: DrawerTextForm) -> HttpResponse:
    """Save under the name. An existing template is overwritten only after confirmation."""
    naming, taken = TemplateNameForm(request.POST), None
    if naming.is_valid():
        name = naming.cleaned_data["name"]
        try:
            saved = save_template(
                purpose=Purpose(draft.purpose),
                name=name,
                subject=text_form.cleaned_data["subject"],
                body=text_form.cleaned_data["body"],
                by=request.actor,
                now=timezone.now(),
                overwrite=request.POST.get("overwrite", "").lower() == name.lower(),
                seen_version=_version_asked(request),
            )
        except ChangedMeanwhileError:  # saved again while this one was asked
            taken = template_named(name, purpose=draft.purpose)
        except TemplateNameError as error:
            taken = error.taken
            if taken is None:
                add_refusal(naming, error, field="name")
        else:
            kept = replace(draft, started=str(saved.pk))
            return _write(request, kept, text_form, saved=saved.name)
    found = in_words(taken.subject, {"brand_name": request.brand.name}) if taken else ""
    return _show(
        request,
        SAVE,
        draft,
        status=422,
        text_form=text_form,
        naming=naming,
        taken=taken,
        taken_subject=found,
    )


def _version_asked(request: BrandRequest) -> int | None:
    """The version of the template that was shown when the user was asked to overwrite it."""
    return id_in(request.POST.get("overwritten_version", ""))


def _preview(
    request: BrandRequest,
    draft: Draft,
    text_form: DrawerTextForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """Show one recipient at a time, first those with a missing value."""
    parted, people = _parted(request, draft, text_form)
    if not people:
        return _write(request, draft, text_form, status=422, nobody=True)
    keep_text(request.user, draft, text_form.cleaned_data)
    number = _shown_number(request, len(people))
    one = people[number - 1]
    mail = prepared_for(request.brand, text_form.cleaned_data)
    gaps = {blocked.recipient.recipient: blocked.missing for blocked in parted.blocked}
    return _show(
        request,
        PREVIEW,
        draft,
        status=status,
        text_form=text_form,
        split=parted,
        one=one,
        subject=_subject(request, one, text_form),
        missing=gaps.get(one.recipient, ()),
        enrollment_id=Reference(one.about).number,
        number=number,
        total=len(people),
        twice=sent_already(
            about=draft.about,
            subject=mail.subject,
            text=mail.text,
            recipients=[recipient.recipient for recipient in people],
        ),
        last_shown=number == len(people),
        **more,
    )


def _test(request: BrandRequest, draft: Draft, text_form: DrawerTextForm) -> HttpResponse:
    """Send the shown recipient's mail to the member of staff who writes it."""
    parted, people = _parted(request, draft, text_form)
    if not parted.ready:
        return _preview(request, draft, text_form)
    shown = people[_shown_number(request, len(people)) - 1]
    example = shown if shown in parted.ready else parted.ready[0]
    try:
        confirm_campaign(
            purpose=Purpose.TEST,
            about="",
            title=f"Test: {draft.offer.name}",
            subject=f"Test: {text_form.cleaned_data['subject']}"[:300],
            body=text_form.cleaned_data["body"],
            recipients=[
                Recipient(
                    recipient=Reference.by_id(User, request.user.pk),
                    about="",
                    to_address=request.user.email,
                    to_name=request.user.name,
                    values=example.values,
                )
            ],
            confirmation=uuid.uuid4(),
            by=request.actor,
            now=timezone.now(),
        )
    except RecipientsError as error:
        return _preview(request, draft, text_form, status=422, refused=str(error))
    action = _write if request.POST.get("on") == "write" else _preview
    return action(request, draft, text_form, tested=request.user.email, test_of=example)


def _send(request: BrandRequest, draft: Draft, text_form: DrawerTextForm) -> HttpResponse:
    """Confirm, once. Recipients with a missing value get nothing and stay in the preview."""
    sent = Campaign.objects.filter(confirmation=draft.confirmation).first()
    text = text_form.cleaned_data
    if sent is None or (sent.subject, sent.body) != (text["subject"], text["body"]):
        parted, _ = _parted(request, draft, text_form)
        if not parted.ready:
            return _preview(request, draft, text_form, status=422)
        try:
            sent = send_to_members(
                purpose=draft.purpose,
                offer=draft.offer,
                subject=text["subject"],
                body=text["body"],
                recipients=parted.ready,
                confirmation=draft.confirmation,
                by=request.actor,
                now=timezone.now(),
                latest_seen=draft.latest_seen,
            )
        except PostalAddressMissingError:  # both steps say so
            return _preview(request, draft, text_form, status=422)
        except ConfirmedOtherwiseError as error:
            return _preview(request, draft, text_form, status=409, refused=str(error))
        except AudienceTakenError as error:
            newest = latest_campaign(purpose=draft.purpose, about=draft.about)
            return _preview(
                request, draft, text_form, status=409, taken=error.campaign, newest=newest
            )
    if request.htmx:
        return render_page(
            request,
            "brand_admin/emails/sent.html#drawer",
            section=SECTION,
            draft=draft,
            campaign=sent,
            progress=progress_of(sent, brand_name=request.brand.name),
        )
    return redirect("brand_admin:campaign", request.brand.slug, sent.pk)


ACTIONS: dict[str, Action] = {
    "write": _write,
    "start": _start,
    "replace": _replace,
    "name": _name,
    "save": _save,
    "preview": _preview,
    "test": _test,
    "send": _send,
}
FOR_ANY_TEXT = (_write, _start, _replace)  # they run even if the text has an error


def _parted(
    request: BrandRequest, draft: Draft, text_form: DrawerTextForm
) -> tuple[Split, tuple[Recipient, ...]]:
    mail = prepared_for(request.brand, text_form.cleaned_data)
    parted = split(draft.audience(request.brand, now=timezone.now()).recipients, mail)
    return parted, parted.everyone


def _subject(request: BrandRequest, one: Recipient, text_form: DrawerTextForm) -> str:
    mail = prepared_for(request.brand, text_form.cleaned_data)
    values = with_gaps_named(one.values, missing_values(mail, values=one.values))
    return render(mail, values=values, unsubscribe_link="https://").subject


def _shown_number(request: BrandRequest, total: int) -> int:
    """Which recipient to show: `show` counts from one, and a number out of range is no error."""
    return min(max(id_in(request.POST.get("show", "")) or 1, 1), total)


def _show(
    request: BrandRequest, template: str, draft: Draft, *, status: int, **context: Any
) -> HttpResponse:
    if request.htmx:  # htmx does not show a response with an error status
        template, status = f"{template}#drawer", 200
    return render_page(request, template, section=SECTION, status=status, draft=draft, **context)


def _way_back(request: BrandRequest, asked: str) -> str:
    """The page to return to: where the drawer was opened from, if it is on this site."""
    page = asked or request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()})
    return page if ours else reverse("brand_admin:emails", args=[request.brand.slug])
