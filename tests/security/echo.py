"""What Django would be shown: an application behind the product's own entry, for a real granian."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config.asgi import Server
from config.forwarding import trust_proxies
from config.gate import Places


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer with everything of the request that is text."""
    environ["wsgi.input"].read()
    shown = {key: value for key, value in environ.items() if isinstance(value, str)}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(shown).encode()]


behind = trust_proxies(echo, proxies=settings.TRUSTED_PROXIES, port=settings.PUBLIC_PORT)
application = Server(behind, refuse=behind, places=Places(2, queue=16, seconds=60))
