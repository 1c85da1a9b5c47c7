"""Addresses of the dashboard, the portal, languages and unsubscribing."""

from django.urls import include, path

from portal.app_manifest import manifest
from portal.language import choose
from portal.unsubscribe import unsubscribe

app_name = "portal"
urlpatterns = [
    path("d/", include("portal.dashboard.urls")),
    path("portal/", include("portal.creator.urls")),
    path("app/<slug:language>.webmanifest", manifest, name="manifest"),
    path("language", choose, name="language"),
    path("u/<str:token>", unsubscribe, name="unsubscribe"),
]
