from __future__ import annotations

from django.urls import path

from brand_admin.background import views
from brand_admin.background.lists import WorkList
from brand_admin.listing.views import list_file, list_page

urlpatterns = [
    path("", list_page(WorkList), name="work_list"),
    path("export.csv", list_file(WorkList), name="work_csv"),
    path("<int:work_id>/", views.work_page, name="work"),
    path("<int:work_id>/file/", views.work_file, name="work_file"),
    path("<int:work_id>/left-out.csv", views.left_out_csv, name="work_left_out"),
]
