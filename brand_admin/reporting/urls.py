from __future__ import annotations

from django.urls import path

from brand_admin.reporting import refreshing, views

urlpatterns = [
    path("", views.sales_tracking, name="reporting"),
    path("offers.csv", views.sales_tracking_csv, name="reporting_csv"),
    path("<int:offer_id>/", views.offer_report, name="offer_report"),
    path("<int:offer_id>/members.csv", views.offer_export, name="offer_export"),
    path("<int:offer_id>/members/", views.offer_members, name="offer_members"),
    path("<int:offer_id>/refresh-codes/", refreshing.refresh_codes, name="offer_refresh_codes"),
    path("<int:offer_id>/add-members/", views.offer_add_members, name="offer_add_members"),
]
