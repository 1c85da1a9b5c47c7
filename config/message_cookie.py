"""Django's messages for the next page, in a cookie with the same prefix as the others."""

from __future__ import annotations

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class MessageCookie(CookieStorage):
    cookie_name = f"{settings.HOST_PREFIX}messages"


class MessageStorage(FallbackStorage):
    """Django's storage: the cookie first, the session for what does not fit."""

    storage_classes = (MessageCookie, SessionStorage)
