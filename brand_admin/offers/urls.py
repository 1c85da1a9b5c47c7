from __future__ import annotations

from django.urls import path

from brand_admin.listing.views import list_file, list_page
from brand_admin.offers import flag_hold, image, terms_views, views
from brand_admin.offers.lists import Offers

urlpatterns = [
    path("", list_page(Offers), name="offers"),
    path("export.csv", list_file(Offers), name="offers_export"),
    path("new/", views.offer_new, name="offer_new"),
    path("new/sentence/", terms_views.terms_sentence, name="terms_sentence"),
    path("<int:offer_id>/", views.offer_page, name="offer"),
    path("<int:offer_id>/edit/", views.offer_edit, name="offer_edit"),
    path("<int:offer_id>/image/", image.offer_image, name="offer_image"),
    path("<int:offer_id>/terms/", terms_views.terms_new, name="terms_new"),
    path("<int:offer_id>/terms/<int:terms_id>/", terms_views.terms_replace, name="terms_replace"),
    path(
        "<int:offer_id>/terms/<int:terms_id>/withdraw/",
        terms_views.terms_withdraw,
        name="terms_withdraw",
    ),
    path("<int:offer_id>/flagged/", flag_hold.flag_hold, name="offer_flag_hold"),
    path("<int:offer_id>/status/<slug:action>/", views.offer_status, name="offer_status"),
]
