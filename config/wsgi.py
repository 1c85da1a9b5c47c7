"""What each worker of the web process serves: Django, behind a gate."""

import os
import sys
from typing import cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("TRIBUTARY_PROCESS", "web")

from django.core.wsgi import get_wsgi_application

from config import limits
from config.gate import Application, Gate, Places
from config.heartbeats import beat

# Seconds after which a thread that computes lets another go on. The usual five milliseconds are
# long for the thread that answers /healthz, when several pages are being made.
SWITCH_SECONDS = 0.001


def gated() -> Gate:
    """Django behind its gate, and the heartbeat that tells the server of it."""
    sys.setswitchinterval(SWITCH_SECONDS)
    django_application = cast("Application", get_wsgi_application())
    from config.unavailable import refuse, warm_up  # need the applications to be loaded

    warm_up()
    places = Places(
        limits.WEB_CONCURRENT_REQUESTS, queue=limits.WEB_QUEUE, seconds=limits.WEB_QUEUE_SECONDS
    )
    beat(lambda: not places.is_stuck)
    streams = max(1, limits.WEB_CONCURRENT_REQUESTS // 2)
    return Gate(django_application, refuse=refuse, places=places, streams=streams)


application = gated()
