"""Connect a shop: choose it, read what it needs, paste that, and have it checked at once."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.connections.asking import asks_shop
from brand_admin.connections.forms import SetupForm
from brand_admin.connections.guides import GUIDES
from brand_admin.connections.words import Checked
from brand_admin.pages import id_in, render_page
from brand_admin.refusals import add_refusal
from integrations.connections import Findings, StoreTakenError
from integrations.selectors import connections
from integrations.setting_up import SetUp, set_up
from integrations.shop import MADE, CredentialError

SECTION = "connections"


@require_safe
@brand_page(Permission.READ, live_page="connection_choice")
def shop_choice(request: BrandRequest) -> HttpResponse:
    """Let staff choose what their shop runs on."""
    return render_page(
        request, "brand_admin/connections/choice.html", section=SECTION, guides=GUIDES.values()
    )


@require_safe
@brand_page(Permission.READ)
def other_shop(request: BrandRequest) -> HttpResponse:
    """Say how any other shop's orders come in: by the API, or from a file."""
    return render_page(request, "brand_admin/connections/other.html", section=SECTION)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.READ, post=Permission.ADMINISTER, live_page="connection_choice")
@asks_shop
def connection_setup(request: BrandRequest, kind: str) -> HttpResponse:
    """Show what the shop needs; connect it with what was pasted, if it accepts that."""
    guide = GUIDES.get(kind)
    if guide is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    form = SetupForm(data, kind=kind, now=timezone.now(), store=_store_before(request, kind))
    result = _set_up(request, form) if data is not None and form.is_valid() else None
    if result is not None and result.connection is not None:
        tell(request, result.findings)
        return redirect("brand_admin:connection", request.brand.slug, result.connection.pk)
    return render_page(
        request,
        "brand_admin/connections/setup.html",
        section=SECTION,
        guide=guide,
        form=form,
        checked=Checked.of(result.findings) if result else None,
        # Local mode answers to this machine's own addresses alone.
        is_out_of_reach=settings.LOCAL and not settings.STAND_INS,
        status=422 if result or form.errors else 200,
    )


def _store_before(request: BrandRequest, kind: str) -> str:
    """The store of the connection that is to be connected again, if the address names one.

    The address names no store itself: a stranger who sends an owner a link to this page could put
    in their own server, which would be sent the credentials.
    """
    pk = id_in(request.GET.get("again", ""))
    row = connections().filter(pk=pk, kind=kind).first() if pk is not None else None
    return row.store if row else ""


def _set_up(request: BrandRequest, form: SetupForm) -> SetUp | None:
    """What the shop said; None where the form says what is wrong with it."""
    entered = form.entered()
    form.keep(entered)
    try:
        return set_up(
            kind=form.kind,
            entered=entered,
            days_of_history=form.days_of_history(),
            confirmation=form.cleaned_data["confirmation"],
            by=request.actor,
            now=form.now,
        )
    except CredentialError as error:
        form.refuse(error)
    except StoreTakenError as error:
        add_refusal(form, error)
    return None


def tell(request: BrandRequest, findings: Findings) -> None:
    """Say what staff should know of a shop that is connected. Its page says what is missing."""
    for one in findings:
        if one.advice and one.advice != MADE and (one.is_ok or not one.is_needed):
            say = messages.info if one.is_ok else messages.warning
            say(request, f"{one.title}: {one.advice}")
