"""The Content-Security-Policy of each answer: the one of the settings, or its view's own (`@csp`).

django-csp builds the text of a policy from its parts for every answer. Here each text is built
once; an answer that needs more of django-csp than that (a nonce, a changed part) is left to it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

MAX_POLICIES = 1_024  # the dashboards of each colour have their own
LEFT_TO_DJANGO_CSP = frozenset(
    {"_csp_update", "_csp_replace", "_csp_exempt"}
    | {"_csp_config_ro", "_csp_update_ro", "_csp_replace_ro", "_csp_exempt_ro"}
)
Parts = tuple[tuple[str, Any], ...]


class ContentPolicy(CSPMiddleware):
    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        given = vars(response)
        if settings.DEBUG or hasattr(request, "_csp_nonce") or given.keys() & LEFT_TO_DJANGO_CSP:
            return super().process_response(request, response)
        if HEADER not in response:
            config: dict[str, Any] | None = given.get("_csp_config")
            response[HEADER] = _policy(None if config is None else _parts(config))
        return response


def _parts(config: dict[str, Any]) -> Parts:
    return tuple(
        (name, tuple(value) if isinstance(value, list) else value) for name, value in config.items()
    )


@lru_cache(maxsize=MAX_POLICIES)
def _policy(parts: Parts | None) -> str:
    """The text of a policy; None is that of the settings."""
    return build_policy(None if parts is None else dict(parts))
