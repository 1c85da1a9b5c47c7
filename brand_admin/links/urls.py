from __future__ import annotations

from django.urls import path

from brand_admin.links import views
from brand_admin.links.lists import Links
from brand_admin.listing.views import list_file, list_page

urlpatterns = [
    path("", list_page(Links), name="links"),
    path("export.csv", list_file(Links), name="links_csv"),
    path("<int:link_id>/", views.link_page, name="link"),
]
