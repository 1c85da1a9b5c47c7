"""Django as a WSGI application, the one that refuses requests, and the answers to many at once.

`config.asgi` serves them.
"""

import gc
import os
from collections.abc import Callable, Sequence
from typing import cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("TRIBUTARY_PROCESS", "web")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config import limits
from config.arriving import Environ, Whole
from config.forwarding import Application, trust_proxies

# New objects before the garbage collector looks at them. A batch of 500 orders makes so many that
# Python's own 700 costs a sixteenth of its time; almost none of them are in a cycle.
OBJECTS_BEFORE_COLLECTION = 50_000


def leave_to_requests() -> None:
    """Have the garbage collector look only at objects made from now on, and at many at a time.

    A search through all that was loaded holds every thread up for half a second, /healthz too.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION, *gc.get_threshold()[1:])


def behind_proxies(inner: Application) -> Application:
    """Outermost, because everything inside relies on the client's address."""
    outer = trust_proxies(inner, proxies=settings.TRUSTED_PROXIES, port=settings.PUBLIC_PORT)
    if settings.DEBUG:
        from config.local.loopback import only_from_this_machine

        outer = only_from_this_machine(outer)
    return outer


def refusing() -> Application:
    """config.unavailable.refuse, with everything loaded that a request needs."""
    from config import unavailable  # needs the applications to be loaded

    if not limits.LOCAL:  # `make run` should start fast; there the first page may be slow
        unavailable.warm_up()
    return unavailable.refuse


def answering_at_once() -> Callable[[Sequence[Environ]], Sequence[Whole | None]]:
    from config import shop_requests  # needs the applications to be loaded

    return shop_requests.answer_at_once


application = behind_proxies(cast("Application", get_wsgi_application()))
refuse = behind_proxies(refusing())
answer_at_once = answering_at_once()
