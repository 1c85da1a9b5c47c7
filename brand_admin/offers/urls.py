from __future__ import annotations

from django.urls import path

from brand_admin.offers import image, terms_views, views

urlpatterns = [
    path("", views.offer_list, name="offers"),
    path("export.csv", views.offers_export, name="offers_export"),
    path("new/", views.offer_new, name="offer_new"),
    path("<int:offer_id>/", views.offer_page, name="offer"),
    path("<int:offer_id>/edit/", views.offer_edit, name="offer_edit"),
    path("<int:offer_id>/image/", image.offer_image, name="offer_image"),
    path("<int:offer_id>/terms/", terms_views.terms_new, name="terms_new"),
    path("<int:offer_id>/status/<slug:action>/", views.offer_status, name="offer_status"),
]
