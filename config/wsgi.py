"""What each worker of the web process serves: Django, behind a gate."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("TRIBUTARY_PROCESS", "web")

from django.core.wsgi import get_wsgi_application

from config import limits
from config.gate import Gate, Places
from config.heartbeats import beat


def gated() -> Gate:
    """Django behind its gate, and the heartbeat that tells the server of it."""
    django_application = get_wsgi_application()
    from config.unavailable import refuse  # needs the applications to be loaded

    places = Places(
        limits.WEB_CONCURRENT_REQUESTS, queue=limits.WEB_QUEUE, seconds=limits.WEB_QUEUE_SECONDS
    )
    beat(lambda: not places.is_stuck)
    streams = max(1, limits.WEB_CONCURRENT_REQUESTS // 2)
    return Gate(django_application, refuse=refuse, places=places, streams=streams)


application = gated()
