"""Access tokens: one that a shop's own app has, or one that is granted for a day at a time.

Granted tokens are kept in this process alone, and asked for again before their end.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from core.outgoing import Answer, Caller, NoAnswerError
from integrations.shop import AccessRefusedError, ShopAwayError
from integrations.shopify.credentials import ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET

RENEWED_BEFORE_SECONDS = 600.0
DEFAULT_LIFE_SECONDS = 3_600.0  # of a token whose end is not said
MAX_KEPT_TOKENS = 1_000
NO_PAIR = "The client ID and the client secret don't belong together. Copy both again."
# What Shopify answers, and what to do about it.
REFUSALS = {
    "application_cannot_be_found": "There is no app with this client ID. Copy it again.",
    "invalid_client": NO_PAIR,
    "invalid_request": NO_PAIR,
    "shop_not_permitted": (
        "The app and the store belong to different organizations in Shopify. Make the app in the"
        " organization that owns the store."
    ),
    "app_not_installed": "The app is not installed in this store. Install it in the Dev Dashboard.",
}
UNKNOWN_REFUSAL = (
    "Shopify refuses the client ID and the client secret. Copy both again, and see that the app is"
    " installed in this store."
)


class NoStoreError(AccessRefusedError):
    """There is no store at this address."""

    def __init__(self) -> None:
        super().__init__("There is no Shopify store with this address. Correct the store address.")


class TokenSource(Protocol):
    def token(self, caller: Caller, base: str) -> str:
        """Return a token that is valid now. Raises ShopAwayError and AccessRefusedError."""

    def renew(self) -> bool:
        """Forget a token that was refused. False if there can be no other."""


@dataclass(frozen=True, slots=True)
class AppToken:
    """The token of an app that was made in Shopify's admin. It has no end."""

    value: str

    def token(self, caller: Caller, base: str) -> str:
        return self.value

    def renew(self) -> bool:
        return False


class GrantedToken:
    """A token for a day, by the client-credentials grant (RFC 6749, section 4.4)."""

    def __init__(
        self, store: str, client_id: str, client_secret: str, *, clock: Callable[[], float]
    ) -> None:
        self.client_id, self.client_secret, self.clock = client_id, client_secret, clock
        named = "\n".join((store, client_id, client_secret)).encode()
        self.key = hashlib.sha256(named).hexdigest()

    def token(self, caller: Caller, base: str) -> str:
        with _lock:
            kept = _kept.get(self.key)
        if kept is not None and self.clock() < kept[1] - RENEWED_BEFORE_SECONDS:
            return kept[0]
        value, seconds = self._granted(caller, base)
        with _lock:
            while len(_kept) >= MAX_KEPT_TOKENS:
                _kept.pop(next(iter(_kept)))
            _kept[self.key] = (value, self.clock() + seconds)
        return value

    def renew(self) -> bool:
        with _lock:
            _kept.pop(self.key, None)
        return True

    def _granted(self, caller: Caller, base: str) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        try:
            answer = caller.send("POST", f"{base}/admin/oauth/access_token", form=form)
        except NoAnswerError as error:
            raise ShopAwayError(f"The store {error}.") from None
        said = _said(answer)
        token = said.get("access_token")
        if answer.status == 200 and isinstance(token, str) and token.isascii() and token:
            life = said.get("expires_in")
            known = isinstance(life, int) and not isinstance(life, bool) and life > 0
            return token, float(life) if known and life else DEFAULT_LIFE_SECONDS
        raise _refusal(answer, said)


# By client and store: the token, and when it ends, by the clock that was given.
_kept: dict[str, tuple[str, float]] = {}
_lock = threading.Lock()


def _said(answer: Answer) -> Mapping[str, Any]:
    try:
        said = answer.json()
    except NoAnswerError:
        return {}
    return said if isinstance(said, Mapping) else {}


def _refusal(answer: Answer, said: Mapping[str, Any]) -> Exception:
    if answer.status == 404:
        return NoStoreError()
    if answer.status in (400, 401, 403):
        reason = said.get("error")
        known = REFUSALS.get(reason) if isinstance(reason, str) else None
        return AccessRefusedError(known or UNKNOWN_REFUSAL)
    return ShopAwayError(f"Shopify gave no access token: it answered {answer.status}.")


def source_of(credentials: Mapping[str, str], *, clock: Callable[[], float]) -> TokenSource:
    """Return where tokens for these credentials come from."""
    if credentials.get(CLIENT_ID):
        return GrantedToken(
            credentials["store"],
            credentials[CLIENT_ID],
            credentials.get(CLIENT_SECRET, ""),
            clock=clock,
        )
    return AppToken(credentials.get(ACCESS_TOKEN, ""))
