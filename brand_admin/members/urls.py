from __future__ import annotations

from django.urls import path

from brand_admin.members import bulk, importing, parts, views

urlpatterns = [
    path("", views.member_list, name="members"),
    path("export.csv", views.members_export, name="members_export"),
    path("new/", views.member_new, name="member_new"),
    path("change/", bulk.members_change, name="members_change"),
    path("import/", importing.members_import, name="members_import"),
    path(
        "import/<int:work_id>/",
        importing.members_import_confirm,
        name="members_import_confirm",
    ),
    path("<int:member_id>/", views.member_page, name="member"),
    path("<int:member_id>/edit/", views.member_edit, name="member_edit"),
    path("<int:member_id>/join/", views.member_join, name="member_join"),
    path("<int:member_id>/conversions/", parts.member_conversions, name="member_conversions"),
    path("<int:member_id>/payments/", parts.member_payments, name="member_payments"),
    path("<int:member_id>/messages/", parts.member_messages, name="member_messages"),
    path("<int:member_id>/questions/", parts.member_questions, name="member_questions"),
    path("<int:member_id>/history/", parts.member_history, name="member_history"),
    path("<int:member_id>/history.csv", parts.member_history_csv, name="member_history_csv"),
]
