"""/account/…: the account pages, each listed by name.

allauth has more pages, which are left out: nobody signs up, and only our own pages change an
address.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import path, re_path

from brand_admin.code_login import login_code, login_code_confirm
from brand_admin.password_reset import ask_for_reset
from config.account_pages import (
    fresh_login_page,
    fresh_second_factor_page,
    logged_in_page,
    second_factor_page,
)
from portal.account import address, confirm

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("login/code/", login_code, name="login_code"),
    path("login/code/confirm/", login_code_confirm, name="login_code_confirm"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("password/reset/", ask_for_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path(
        "password/change/",
        fresh_login_page(account.password_change),
        name="account_change_password",
    ),
    path("password/set/", fresh_login_page(account.password_set), name="account_set_password"),
    path("reauthenticate/", logged_in_page(account.reauthenticate), name="account_reauthenticate"),
    path("confirm/", logged_in_page(confirm.confirm), name="account_confirm"),
    path("confirm/code/", logged_in_page(confirm.confirm_code), name="account_confirm_code"),
    path("address/", fresh_login_page(address.address), name="account_address"),
    path("address/code/", fresh_login_page(address.address_code), name="account_address_code"),
    path("2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("2fa/webauthn/login/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("2fa/", second_factor_page(mfa.index), name="mfa_index"),
    path("2fa/reauthenticate/", second_factor_page(mfa.reauthenticate), name="mfa_reauthenticate"),
    path(
        "2fa/webauthn/reauthenticate/",
        second_factor_page(webauthn.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "2fa/totp/activate/", fresh_second_factor_page(totp.activate_totp), name="mfa_activate_totp"
    ),
    path(
        "2fa/totp/deactivate/",
        fresh_second_factor_page(totp.deactivate_totp),
        name="mfa_deactivate_totp",
    ),
    path(
        "2fa/recovery-codes/",
        fresh_second_factor_page(recovery.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/generate/",
        fresh_second_factor_page(recovery.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/download/",
        fresh_second_factor_page(recovery.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("2fa/webauthn/", second_factor_page(webauthn.list_webauthn), name="mfa_list_webauthn"),
    path(
        "2fa/webauthn/add/",
        fresh_second_factor_page(webauthn.add_webauthn),
        name="mfa_add_webauthn",
    ),
    path(
        "2fa/webauthn/keys/<int:pk>/remove/",
        fresh_second_factor_page(webauthn.remove_webauthn),
        name="mfa_remove_webauthn",
    ),
    path(
        "2fa/webauthn/keys/<int:pk>/edit/",
        fresh_second_factor_page(webauthn.edit_webauthn),
        name="mfa_edit_webauthn",
    ),
]
