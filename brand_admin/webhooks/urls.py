from __future__ import annotations

from django.urls import path

from brand_admin.listing.views import list_change, list_file, list_page
from brand_admin.webhooks import changing, views
from brand_admin.webhooks.lists import Deliveries

urlpatterns = [
    path("", views.endpoint_list, name="webhooks"),
    path("new/", changing.endpoint_add, name="webhook_add"),
    path("deliveries/", list_page(Deliveries), name="webhook_deliveries"),
    path("deliveries.csv", list_file(Deliveries), name="webhook_deliveries_csv"),
    path("deliveries/again/", list_change(Deliveries), name="webhook_deliveries_change"),
    path("deliveries/<int:delivery_id>/", views.delivery_page, name="webhook_delivery"),
    path("<int:endpoint_id>/", views.endpoint_page, name="webhook"),
    path("<int:endpoint_id>/change/", changing.endpoint_change, name="webhook_change"),
    path("<int:endpoint_id>/secret/", changing.endpoint_secret, name="webhook_secret"),
    path("<int:endpoint_id>/test/", changing.endpoint_test, name="webhook_test"),
    path("<int:endpoint_id>/on/", changing.endpoint_on, name="webhook_on"),
    path("<int:endpoint_id>/off/", changing.endpoint_off, name="webhook_off"),
    path("<int:endpoint_id>/again/", changing.endpoint_again, name="webhook_again"),
    path("<int:endpoint_id>/delete/", changing.endpoint_delete, name="webhook_delete"),
]
