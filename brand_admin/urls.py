"""/admin/…: choose a brand, then its sections."""

from django.urls import include, path

from brand_admin.home.views import door

app_name = "brand_admin"

urlpatterns = [
    path("", door, name="door"),
    path(
        "<slug:slug>/",
        include(
            [
                path("", include("brand_admin.home.urls")),
                path("search/", include("brand_admin.search.urls")),
                path("members/", include("brand_admin.members.urls")),
                path("projects/", include("brand_admin.projects.urls")),
                path("offers/", include("brand_admin.offers.urls")),
                path("reporting/links/", include("brand_admin.links.urls")),
                path("reporting/sales-tracking/", include("brand_admin.reporting.urls")),
                path("conversions/", include("brand_admin.conversions.urls")),
                path("payments/", include("brand_admin.payments.urls")),
                path("emails/", include("brand_admin.emails.urls")),
                path("connections/webhooks/", include("brand_admin.webhooks.urls")),
                path("connections/", include("brand_admin.connections.urls")),
                path("settings/", include("brand_admin.settings.urls")),
                path("background/", include("brand_admin.background.urls")),
            ]
        ),
    ),
]
