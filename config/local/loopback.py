"""Allow only browsers on this machine while error pages show code and values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from config.forwarding import Application

HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def only_from_this_machine(application: Application) -> Application:
    """Wrap the application: refuse other machines, proxies, and other host names.

    Another host name may be an attacker's, whose page could then read ours (DNS rebinding). A proxy
    on this machine may forward anybody's request.
    """

    def let_in(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if is_from_this_machine(environ):
            return application(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"make dev answers nobody but a browser on this machine.\n"]

    return let_in


def is_from_this_machine(environ: dict[str, Any]) -> bool:
    """Whether address and Host are this machine's, and no proxy header says otherwise."""
    try:
        is_near = ip_address(environ.get("REMOTE_ADDR", "")).is_loopback
        host = urlsplit(f"//{environ.get('HTTP_HOST', '')}").hostname
    except ValueError:
        return False
    is_forwarded = any(name.startswith(("HTTP_X_FORWARDED", "HTTP_FORWARDED")) for name in environ)
    return is_near and host in HOSTS and not is_forwarded
