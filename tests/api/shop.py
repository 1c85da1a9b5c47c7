"""A shop that calls the API."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from accounts.api_keys import create_api_key
from accounts.models import Brand
from core.tenancy import acting_for
from tests.answers import Answer
from tests.cast import NOW, SYSTEM

ORDERS = "/api/v1/orders"
REFUNDS = "/api/v1/refunds"


def key_for(brand: Brand, **chosen: Any) -> str:
    """A new key of the brand; without scopes, it may do everything."""
    with acting_for(brand):
        return create_api_key(label="shop", by=SYSTEM, now=NOW, **chosen).secret


class Shop:
    """Sends what it is told, with its key; `client` enforces CSRF like a browser would meet it."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.client = Client(enforce_csrf_checks=True)

    def send(self, path: str, body: Any, **changes: Any) -> Answer:
        """POST `body`, as it is when it is bytes, else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        options = {"content_type": "application/json", "headers": self.headers} | changes
        return self.client.post(path, data, **options)

    def put(self, path: str, body: Any) -> Answer:
        return self.client.put(path, body, content_type="application/json", headers=self.headers)

    def delete(self, path: str) -> Answer:
        return self.client.delete(path, headers=self.headers)

    def ask(self, path: str) -> Answer:
        return self.client.get(path, headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}
