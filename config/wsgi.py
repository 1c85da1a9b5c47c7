"""The WSGI application: Django behind the gate. `config.asgi` serves it."""

import os
import sys
from typing import cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("TRIBUTARY_PROCESS", "web")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config import limits
from config.forwarding import trust_proxies
from config.gate import Application, Gate, Places

# The interpreter's switch interval. With the default of 5 ms, the event loop, which answers
# /healthz, waits too long while several pages are rendered.
SWITCH_SECONDS = 0.001

places = Places(
    limits.WEB_CONCURRENT_REQUESTS, queue=limits.WEB_QUEUE, seconds=limits.WEB_QUEUE_SECONDS
)


def gated() -> Gate:
    """Django behind its gate."""
    sys.setswitchinterval(SWITCH_SECONDS)
    django_application = cast("Application", get_wsgi_application())
    from config.unavailable import refuse, warm_up  # need the applications to be loaded

    if not settings.DEBUG:  # `make dev` restarts often, so its start must be fast
        warm_up()
    streams = max(1, limits.WEB_CONCURRENT_REQUESTS // 2)
    return Gate(django_application, refuse=refuse, places=places, streams=streams)


# Outermost, because everything inside relies on the client's address.
application = trust_proxies(gated(), proxies=settings.TRUSTED_PROXIES, port=settings.PUBLIC_PORT)
if settings.DEBUG:
    from config.local.loopback import only_from_this_machine

    application = only_from_this_machine(application)
