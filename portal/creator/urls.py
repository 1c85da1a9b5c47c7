"""/portal/…: the creator portal."""

from django.urls import path

from portal.creator import (
    data,
    earnings,
    emails,
    passkeys,
    payout,
    payout_sharing,
    proving,
    security,
    views,
)

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", views.log_in, name="login"),
    path("login/code/", views.confirm, name="confirm"),
    path("login/passkey/", passkeys.passkey_login, name="passkey_login"),
    path("login/passkey/options", passkeys.passkey_options, name="passkey_options"),
    path("logout/", views.log_out, name="logout"),
    path("confirm/<slug:act>/", proving.prove, name="prove"),
    path("confirm/<slug:act>/code/", proving.prove_code, name="prove_code"),
    path("earnings/", earnings.earnings, name="earnings"),
    path("earnings/<int:year>.pdf", earnings.earnings_pdf, name="earnings_pdf"),
    path("payout/", payout.payout, name="payout"),
    path("payout/change/", payout.payout_change, name="payout_change"),
    path("payout/share/", payout_sharing.payout_share, name="payout_share"),
    path(
        "payout/share/<slug:slug>/stop/",
        payout_sharing.payout_stop_sharing,
        name="payout_stop_sharing",
    ),
    path("emails/", emails.emails, name="emails"),
    path("emails/<slug:slug>/", emails.emails_set, name="emails_set"),
    path("emails/<slug:slug>/kinds/", emails.emails_choose, name="emails_choose"),
    path("security/", security.security, name="security"),
    path("security/sessions/", security.sessions_end, name="sessions_end"),
    path("security/sessions/<slug:handle>/", security.session_end, name="session_end"),
    path("security/passkeys/add/", passkeys.passkey_add, name="passkey_add"),
    path("security/passkeys/options", passkeys.passkey_new_options, name="passkey_new_options"),
    path("security/passkeys/<int:passkey_id>/", passkeys.passkey, name="passkey"),
    path("data/", data.your_data, name="data"),
    path("data/export/", data.export, name="export"),
    path("data/delete/", data.deletion, name="deletion"),
]
