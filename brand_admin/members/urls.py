from __future__ import annotations

from django.urls import path

from brand_admin.members import bulk, importing, views

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
    path("<int:member_id>/conversions/", views.member_conversions, name="member_conversions"),
    path("<int:member_id>/payments/", views.member_payments, name="member_payments"),
    path("<int:member_id>/messages/", views.member_messages, name="member_messages"),
    path("<int:member_id>/questions/", views.member_questions, name="member_questions"),
    path("<int:member_id>/history/", views.member_history, name="member_history"),
]
