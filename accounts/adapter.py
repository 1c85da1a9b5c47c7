"""allauth's adapters: no public sign-up, a second factor for staff and operators who have one, and
no login before the address is proven.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import (
    clear_authentication_records,
    get_authentication_records,
)
from allauth.core.context import request_context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts.change_mail import mail_change
from accounts.login_records import RecordedLogins
from accounts.models import User
from accounts.proven_addresses import has_proven_address
from accounts.second_factor import FACTORS
from accounts.selectors import brands_of
from core.clients import agent_of, network_of
from core.next_page import safe_redirect_path
from core.transactional_mail import PRODUCT


class AccountAdapter(RecordedLogins):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: User) -> None:
        """Begin the session. Every kind of login calls this last.

        While the address is unproven, only a code that was mailed to it logs in. A code for an
        address that the user no longer has is refused.
        """
        left = {address for address in _codes_read(request, user) if address != user.email}
        if left or not has_proven_address(user):
            clear_authentication_records(request)
            messages.warning(request, "Log in with a code by mail, to prove your address.")
            raise ImmediateHttpResponse(redirect("login_code"))
        super().login(request, user)

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        """The ways to log in again that accounts.fresh_login accepts."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if is_mfa_enabled(user, FACTORS):
            methods = [method for method in methods if method["id"] != "reauthenticate"]
        if not methods and user.is_authenticated:
            methods = [
                {
                    "id": "mailed_code",
                    "description": "Use a code by mail",
                    "url": reverse("account_confirm"),
                }
            ]
        return methods

    def is_safe_url(self, url: str) -> bool:
        """Whether a login may end at the page that `next` names.

        allauth also takes full addresses, and fails for those that can't be read.
        """
        return bool(safe_redirect_path(url))

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "U", "key": "K"})
        return settings.BASE_URL + path.replace("U-K", key)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Mail the user about a change to their login, with our template instead of allauth's."""
        request: HttpRequest = self.request
        mail_change(
            change=template_prefix,
            user=user,
            agent=agent_of(request),
            network=network_of(request),
            now=timezone.now(),
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one of allauth's own mails, which none of our pages uses.

        It is composed without the request, because anybody can choose its Host header.
        """
        site = SimpleNamespace(name=PRODUCT, domain=urlsplit(settings.BASE_URL).netloc)
        values = {name: value for name, value in context.items() if name != "request"}
        with request_context(None):
            mail = self.render_mail(
                template_prefix, email, {"email": email, "current_site": site, **values}
            )
        mail.send()


class MfaAdapter(DefaultMFAAdapter):
    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This is not the code, or it was used before. Enter the next one.",
    }

    def is_mfa_enabled(self, user: User | AnonymousUser, types: Any = None) -> bool:
        """Whether a login needs a second factor: only for staff of a brand and for operators.

        A creator's passkey is an alternative to the mailed code. If it were a second factor too,
        a creator who lost the phone could never log in again.
        """
        if not super().is_mfa_enabled(user, types):
            return False
        return bool(isinstance(user, User) and (user.is_staff or brands_of(user)))

    def get_totp_issuer(self) -> str:
        return PRODUCT


def _codes_read(request: HttpRequest, user: User) -> set[str]:
    """The addresses whose mailed codes this browser entered for this login."""
    return {
        str(record.get("email", "")).lower()
        for record in get_authentication_records(request, user)
        if record["method"] == "code"
    }
