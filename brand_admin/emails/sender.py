"""The sender of the brand's mails, and the checks of its domain: SPF, DKIM and DMARC."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from notifications.mails import sender_line
from notifications.sender_identity import Check, CheckStatus, Identity, identity_of, sending_domain

SECTION = "emails"
KEPT = 300  # seconds: not every page view asks DNS
WORDS: dict[CheckStatus, tuple[str, str]] = {
    CheckStatus.GOOD: ("In order", "good"),
    CheckStatus.WEAK: ("Could be better", "wait"),
    CheckStatus.WRONG: ("Needs work", "bad"),
    CheckStatus.UNKNOWN: ("Not known", "neutral"),
}
EXPLAINED = {
    "SPF": "Which machines may send mail for the domain.",
    "DKIM": "The key with which every mail's signature is checked.",
    "DMARC": "What becomes of mails that only pretend to come from the domain.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check with its explanation, and the label and tone of its badge."""

    check: Check
    about: str
    label: str
    tone: str


@require_safe
@brand_page(Permission.READ)
def sender_identity(request: BrandRequest) -> HttpResponse:
    """The sender of the brand's mails, and what its domain's records say."""
    found = _identity(sending_domain())
    return render_page(
        request,
        "brand_admin/emails/sender.html",
        section=SECTION,
        identity=found,
        findings=[
            Finding(check, EXPLAINED[check.name], *WORDS[check.status]) for check in found.checks
        ],
        sender=sender_line(request.brand.sender_name or request.brand.name),
    )


def _identity(domain: str) -> Identity:
    kept = cache.get_or_set(f"sender-checks-{domain}", lambda: identity_of(domain), KEPT)
    assert isinstance(kept, Identity)  # noqa: S101
    return kept
