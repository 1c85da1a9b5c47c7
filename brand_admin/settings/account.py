"""Settings → My account: the reader's own sessions, second factor, password and address."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import Permission
from accounts.second_factor import factors_of
from accounts.session_pages import end_own_session, end_own_sessions, own_sessions
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from brand_admin.settings.own_mails import OwnMailsForm, own_staff
from core.components.page_urls import page_url

SECTION = "settings"


@require_safe
@never_cache
@brand_page(Permission.OWN_ACCOUNT)
def own_account(request: BrandRequest) -> HttpResponse:
    """Show the reader's sessions and login methods."""
    slug, staff = request.brand.slug, own_staff(request)
    return render_page(
        request,
        "brand_admin/settings/account.html",
        section=SECTION,
        factors=factors_of(request.user),
        mails=OwnMailsForm.of(staff) if staff else None,
        has_password=request.user.has_usable_password(),
        **own_sessions(
            request,
            end_url=lambda handle: page_url("brand_admin:own_session_end", [slug, handle]),
            end_others_url=page_url("brand_admin:own_sessions_end", [slug]),
        ),
    )


@require_POST
@brand_page(Permission.OWN_ACCOUNT)
def own_session_end(request: BrandRequest, handle: str) -> HttpResponse:
    """End one of the reader's sessions."""
    return end_own_session(request, handle, page=_page(request))


@require_POST
@brand_page(Permission.OWN_ACCOUNT)
def own_sessions_end(request: BrandRequest) -> HttpResponse:
    """End every other session of the reader, or this one too."""
    return end_own_sessions(request, page=_page(request), login="account_login")


def _page(request: BrandRequest) -> str:
    return reverse("brand_admin:own_account", args=[request.brand.slug])
