"""Webhooks of connected shops: pass a delivery on to be stored, and answer at once."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.clients import network_of
from integrations.receiving import MAX_BODY_BYTES, Receipt, receive_delivery
from integrations.shop import RawDelivery

ANSWERS = {
    Receipt.STORED: HTTPStatus.OK,
    Receipt.REPEATED: HTTPStatus.OK,
    Receipt.PING: HTTPStatus.OK,
    Receipt.UNKNOWN: HTTPStatus.NOT_FOUND,
    Receipt.FORGED: HTTPStatus.UNAUTHORIZED,
    Receipt.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}


@csrf_exempt
@require_POST
def receive(request: HttpRequest, public_id: UUID, rest: str = "") -> HttpResponse:
    """Store a signed delivery. Shops may add a path to the address: it is not looked at."""
    received = receive_delivery(
        public_id=public_id,
        # Read here and not by Django, whose limit is lower than the size of a long order.
        raw=RawDelivery(request.headers, request.read(MAX_BODY_BYTES + 1)),
        network=network_of(request),
        now=timezone.now(),
    )
    answer = ANSWERS[received.receipt]
    return HttpResponse(f"{answer.phrase}\n", status=answer, content_type="text/plain")
