"""Webhooks of email services that report deliveries and bounces: anymail's views plus a check.

A service without a configured signature or secret gets 404: with a forged bounce, anybody could
stop all mails to a member.
"""

from __future__ import annotations

from collections.abc import Callable

from anymail.urls import urlpatterns
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

_SUFFIX = "_tracking_webhook"
VIEWS: dict[str, Callable[..., HttpResponse]] = {
    pattern.name.removesuffix(_SUFFIX): pattern.callback
    for pattern in urlpatterns
    if pattern.name and pattern.name.endswith(_SUFFIX)
}
# Services whose signature anymail checks, and the setting that turns the check on.
_SIGNATURES = {
    "mailersend": "MAILERSEND_SIGNING_SECRET",
    "mailgun": "MAILGUN_WEBHOOK_SIGNING_KEY",
    "postal": "POSTAL_WEBHOOK_KEY",
    "resend": "RESEND_SIGNING_SECRET",
    "sendgrid": "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY",
}


@csrf_exempt
def receive(request: HttpRequest, service: str) -> HttpResponse:
    """Pass a report to anymail's view of the service, which answers a forged report with 400."""
    if service not in settings.EMAIL_WEBHOOKS or service not in VIEWS or not _is_proven(service):
        raise Http404
    return VIEWS[service](request)


def _is_proven(service: str) -> bool:
    key = _SIGNATURES.get(service, "")
    return bool(settings.ANYMAIL.get(key) or settings.ANYMAIL.get("WEBHOOK_SECRET"))
