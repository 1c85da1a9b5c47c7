from __future__ import annotations

from django.urls import path

from brand_admin.listing.views import list_change, list_file, list_page
from brand_admin.members import (
    codes,
    emailing,
    giving_code,
    importing,
    note_views,
    segment_views,
    views,
)
from brand_admin.members.lists import Members
from brand_admin.members.parts import (
    MemberConversions,
    MemberHistory,
    MemberMessages,
    MemberPayments,
    MemberQuestions,
)

urlpatterns = [
    path("", list_page(Members), name="members"),
    path("export.csv", list_file(Members), name="members_export"),
    path("new/", views.member_new, name="member_new"),
    path("change/", list_change(Members), name="members_change"),
    path("email/", emailing.members_email, name="members_email"),
    path("segments/new/", segment_views.segment_new, name="segment_new"),
    path("segments/<int:segment_id>/", segment_views.segment_edit, name="segment"),
    path("segments/<int:segment_id>/delete/", segment_views.segment_delete, name="segment_delete"),
    path("import/", importing.members_import, name="members_import"),
    path(
        "import/<int:work_id>/",
        importing.members_import_confirm,
        name="members_import_confirm",
    ),
    path("codes/<int:promo_code_id>/", codes.code_grace, name="code_grace"),
    path("codes/<int:promo_code_id>/end/", codes.code_grace_end, name="code_grace_end"),
    path("<int:member_id>/", views.member_page, name="member"),
    path("<int:member_id>/edit/", views.member_edit, name="member_edit"),
    path("<int:member_id>/join/", views.member_join, name="member_join"),
    path("<int:member_id>/code/", giving_code.member_code, name="member_code"),
    path("<int:member_id>/notes/", note_views.member_notes, name="member_notes"),
    path("<int:member_id>/notes/<int:note_id>/delete/", note_views.note_delete, name="note_delete"),
    path("<int:member_id>/conversions/", list_page(MemberConversions), name="member_conversions"),
    path("<int:member_id>/payments/", list_page(MemberPayments), name="member_payments"),
    path("<int:member_id>/messages/", list_page(MemberMessages), name="member_messages"),
    path("<int:member_id>/questions/", list_page(MemberQuestions), name="member_questions"),
    path("<int:member_id>/history/", list_page(MemberHistory), name="member_history"),
    path("<int:member_id>/history.csv", list_file(MemberHistory), name="member_history_csv"),
]
