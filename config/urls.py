"""Every address of the product."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.front_door, name="front_door"),
    path("platform/", admin.site.urls),
    path("assets/", include("core.assets")),
    path("account/", include("allauth.urls")),
    path("once/<str:token>", views.log_in_once, name="log_in_once"),
    path("admin/", include("brand_admin.urls")),
    path("", include("portal.urls")),
    path("", include("api.urls")),
]

if settings.LOCAL:
    urlpatterns.append(path("inbox/", include("config.local.urls")))
