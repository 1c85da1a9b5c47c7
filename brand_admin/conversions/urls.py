from __future__ import annotations

from django.urls import path

from brand_admin.conversions import views

urlpatterns = [
    path("", views.conversion_list, name="conversions"),
    path("conversions.csv", views.conversions_csv, name="conversions_csv"),
    path("judge/", views.judge, name="conversions_judge"),
    path("<int:conversion_id>/", views.conversion_page, name="conversion"),
]
