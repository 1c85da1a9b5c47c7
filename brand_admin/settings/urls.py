from __future__ import annotations

from django.urls import path

from brand_admin.listing.views import list_file, list_page
from brand_admin.settings import (
    account,
    basics,
    email_templates,
    flags,
    logo,
    notices,
    own_mails,
    slack,
    staff,
    test_mode,
    views,
)
from brand_admin.settings.audit import AuditLog

urlpatterns = [
    path("", views.brand_settings, name="settings"),
    path("basics/", basics.brand_basics, name="brand_basics"),
    path("logo/", logo.brand_logo, name="settings_logo"),
    path("staff/", staff.staff, name="settings_staff"),
    path("staff/second-factor/", staff.second_factor, name="settings_second_factor"),
    path("staff/<int:staff_id>/role/", staff.staff_role, name="staff_role"),
    path("staff/<int:staff_id>/remove/", staff.staff_remove, name="staff_remove"),
    path(
        "invitations/<int:invitation_id>/resend/", staff.invitation_resend, name="invitation_resend"
    ),
    path(
        "invitations/<int:invitation_id>/withdraw/",
        staff.invitation_withdraw,
        name="invitation_withdraw",
    ),
    path("test-mode/", test_mode.test_mode, name="test_mode"),
    path("test-data/fill/", test_mode.test_data_fill, name="test_data_fill"),
    path("test-data/delete/", test_mode.test_data_delete, name="test_data_delete"),
    path("keys/", views.keys_moved, name="settings_keys"),
    path("email-templates/", email_templates.template_list, name="settings_templates"),
    path("email-templates/new/<slug:purpose>/", email_templates.template_new, name="template_new"),
    path("email-templates/<int:template_id>/", email_templates.template_edit, name="template"),
    path(
        "email-templates/<int:template_id>/html/",
        email_templates.template_frame,
        name="template_frame",
    ),
    path(
        "email-templates/<int:template_id>/delete/",
        email_templates.template_delete,
        name="template_delete",
    ),
    path("account/", account.own_account, name="own_account"),
    path("account/emails/", own_mails.own_mails, name="own_mails"),
    path("account/sessions/", account.own_sessions_end, name="own_sessions_end"),
    path("account/sessions/<slug:handle>/", account.own_session_end, name="own_session_end"),
    path("automatic-emails/", notices.notices, name="settings_notices"),
    path("slack/", slack.slack, name="settings_slack"),
    path("slack/test/", slack.slack_test, name="slack_test"),
    path("slack/remove/", slack.slack_remove, name="slack_remove"),
    path("flags/", flags.flag_settings_page, name="settings_flags"),
    path("audit-log/", list_page(AuditLog), name="settings_audit"),
    path("audit-log.csv", list_file(AuditLog), name="settings_audit_csv"),
]
