"""The product as a WSGI application; `config.asgi` is what the web server runs."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.forwarding import trust_proxies

# Outermost: whom a request comes from is known before all else.
application = trust_proxies(
    get_wsgi_application(), proxies=settings.TRUSTED_PROXIES, port=settings.PUBLIC_PORT
)
