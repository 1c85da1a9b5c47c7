"""The root URL configuration."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.views import defaults

from brand_admin.invitation import invitation
from config import unavailable, views
from config.platform.pages import platform_site

handler403 = partial(defaults.permission_denied, template_name="errors/403.html")
handler404 = partial(defaults.page_not_found, template_name="errors/404.html")
handler500 = unavailable.server_error

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("api.urls")),  # first: Django tries one after another, and shops send most
    path("", views.front_door, name="front_door"),
    path("platform/", platform_site.urls),
    path("assets/", include("core.assets")),
    path("account/", include("config.account_urls")),
    path("once/<str:token>", views.log_in_once, name="log_in_once"),
    path("invitation/<str:token>", invitation, name="invitation"),
    path("admin/", include("brand_admin.urls")),
    path("", include("portal.urls")),
]

if settings.LOCAL:
    urlpatterns.append(path("inbox/", include("config.local.urls")))
