"""Dashboard links: derived, not stored.

The token is base64url(public id ‖ HMAC-SHA256(link key, public id ‖ version) cut to 128 bits):
43 characters. The first key signs and all keys verify, so keys rotate without breaking links.
Raising `link_version` revokes the old link. Unknown, revoked and malformed tokens get the same
answer.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid

from django.conf import settings
from django.db.models import QuerySet

from core.kept_queries import kept_query
from core.tenancy import across_brands
from offers.models import Enrollment

MAC_BYTES = 16


def token_for(enrollment: Enrollment) -> str:
    return make_token(enrollment.public_id, enrollment.link_version)


def make_token(public_id: uuid.UUID, version: int) -> str:
    mac = _mac(settings.LINK_KEYS[0], public_id, version)
    return base64.urlsafe_b64encode(public_id.bytes + mac).rstrip(b"=").decode()


def url_for(enrollment: Enrollment) -> str:
    """Return the full address of the enrollment's dashboard."""
    return url_of(enrollment.public_id, enrollment.link_version)


def url_of(public_id: uuid.UUID, version: int) -> str:
    """Return the full address of a dashboard, from the public id and the version of the link."""
    return f"{settings.BASE_URL}/d/{make_token(public_id, version)}"


def enrollment_for(token: str) -> Enrollment | None:
    """Return the enrollment of a valid token, with brand, offer and member; else None."""
    try:
        raw = base64.urlsafe_b64decode(token + "=")
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 16 + MAC_BYTES or len(token) != 43:
        return None
    public_id, mac = uuid.UUID(bytes=raw[:16]), raw[16:]
    with across_brands(reason="a dashboard link names its brand"):
        enrollment = next(iter(_enrollment(public_id=public_id)), None)
    if enrollment is None:
        return None
    expected = [_mac(key, public_id, enrollment.link_version) for key in settings.LINK_KEYS]
    # Compare with every key, so that the response time does not reveal which key matched.
    matches = [hmac.compare_digest(mac, candidate) for candidate in expected]
    return enrollment if any(matches) and token == _canonical(raw) else None


@kept_query
def _enrollment(*, public_id: uuid.UUID) -> QuerySet[Enrollment]:
    rows = Enrollment.objects.select_related("brand", "offer", "member")
    return rows.filter(public_id=public_id, member__deleted_at=None)


def _canonical(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _mac(key: str, public_id: uuid.UUID, version: int) -> bytes:
    message = public_id.bytes + version.to_bytes(4, "big")
    return hmac.digest(key.encode(), b"tributary.dashboard" + message, "sha256")[:MAC_BYTES]
