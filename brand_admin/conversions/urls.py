from __future__ import annotations

from django.urls import path

from brand_admin.conversions import questions, views

urlpatterns = [
    path("", views.conversion_list, name="conversions"),
    path("conversions.csv", views.conversions_csv, name="conversions_csv"),
    path("judge/", views.accept_or_reject, name="conversions_judge"),
    path("questions/", questions.question_list, name="questions"),
    path("questions.csv", questions.questions_csv, name="questions_csv"),
    path("questions/<int:question_id>/", questions.question_page, name="question"),
    path("<int:conversion_id>/", views.conversion_page, name="conversion"),
]
