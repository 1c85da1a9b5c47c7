from __future__ import annotations

from django.urls import path

from brand_admin.listing.views import list_change, list_file
from brand_admin.reporting import refreshing, views
from brand_admin.reporting.link_test import link_test
from brand_admin.reporting.lists import OfferFigures, OfferMembers
from brand_admin.reporting.sources import offer_sources

urlpatterns = [
    path("", views.sales_tracking, name="reporting"),
    path("offers.csv", list_file(OfferFigures), name="reporting_csv"),
    path("link-test/<int:enrollment_id>/", link_test, name="link_test"),
    path("<int:offer_id>/", views.offer_report, name="offer_report"),
    path("<int:offer_id>/sources/", offer_sources, name="offer_sources"),
    path("<int:offer_id>/members.csv", list_file(OfferMembers), name="offer_export"),
    path("<int:offer_id>/members/", list_change(OfferMembers), name="offer_members"),
    path("<int:offer_id>/refresh-codes/", refreshing.refresh_codes, name="offer_refresh_codes"),
    path("<int:offer_id>/add-members/", views.offer_add_members, name="offer_add_members"),
]
