"""Where delivery services report what became of mails: anymail's views, behind a check of our own.

A service that nothing obliges to prove itself gets no address here: whoever can report a bounce can
silence a member.
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
# Services whose signature anymail checks, and the setting that makes it do so.
_SIGNATURES = {
    "mailersend": "MAILERSEND_SIGNING_SECRET",
    "mailgun": "MAILGUN_WEBHOOK_SIGNING_KEY",
    "postal": "POSTAL_WEBHOOK_KEY",
    "resend": "RESEND_SIGNING_SECRET",
    "sendgrid": "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY",
}


@csrf_exempt
def receive(request: HttpRequest, service: str) -> HttpResponse:
    """Hand a report to anymail's view of that service, which refuses a forged one with 400."""
    if service not in settings.EMAIL_WEBHOOKS or service not in VIEWS or not _is_proven(service):
        raise Http404
    return VIEWS[service](request)


def _is_proven(service: str) -> bool:
    key = _SIGNATURES.get(service, "")
    return bool(settings.ANYMAIL.get(key) or settings.ANYMAIL.get("WEBHOOK_SECRET"))
