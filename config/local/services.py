"""Start and stop the local services of a checkout.

Every process that uses them holds a shared lock for its lifetime. The last one to leave stops them,
so a single command works with or without `make run`. A killed process stops nothing: the next
process finds its services and uses them.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import FrameType

from config.local.folders import (
    CHECKOUT,
    Checkout,
    LocalServiceError,
    database_home,
    own_folder,
    socket_folder,
)
from config.local.keys import kept_secrets
from config.local.locks import HeldLock, locked
from config.local.ports import HOST, SITE_HOST, kept_port, settle_port
from config.local.postgres import Postgres
from config.local.valkey import Valkey

# Commands that read the settings but neither the database nor the broker.
WITHOUT_SERVICES = frozenset(
    {"check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help",
     "makemessages", "version", "-h", "--help", "--version"}
)  # fmt: skip
# The secrets among them.
SETTINGS = ("SECRET_KEY", "LINK_KEYS", "CLICK_KEYS", "DETAILS_KEYS", "PUBLIC_ID_KEY")
PORT_TRIES = 5


@dataclass(frozen=True)
class Server:
    """A daemon on this machine. It is no child process, so the supervisor watches its pid."""

    name: str
    is_alive: Callable[[], bool]
    restart: Callable[[], None]

    def start(self) -> None:
        """Start it on the same data and address. Raises LocalServiceError."""
        self.restart()

    def cause_of_failure(self) -> str:
        """Return "is gone" if it ended; a daemon's exit code is unknown."""
        return "" if self.is_alive() else "is gone"


class LocalServices:
    """The services of one checkout, as one process sees them."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self._use = HeldLock(checkout.users_lock)

    def ensure(self, given: Mapping[str, str], *, start: bool = True) -> dict[str, str]:
        """Start missing services and return the environment with their addresses.

        A service that `given` (an environment) already names is neither started nor returned. With
        `start` False nothing is started; the addresses are those that a start would have.
        """
        own_folder(self.checkout.state)
        with locked(self.checkout.services_lock):
            secrets = kept_secrets(self.checkout.secrets)
            if start:
                self._use.share()
            found = {name: secrets[name] for name in SETTINGS}
            found["BASE_URL"] = f"http://{SITE_HOST}:{kept_port(self.checkout.ports, 'web')}"
            if "EMAIL_URL" not in given:
                found["EMAIL_URL"] = f"smtp://{HOST}:{kept_port(self.checkout.ports, 'inbox')}"
                found["LOCAL_INBOX"] = str(self.checkout.inbox)
            if "DATABASE_URL" not in given:
                found["DATABASE_URL"] = self._database(secrets, start=start)
            if "REDIS_URL" not in given:
                found["REDIS_URL"] = self._started(self.valkey, "valkey", secrets, start=start)
                if "CLICKS_URL" not in given:
                    found["CLICKS_URL"] = self._started(
                        self.clicks_valkey, "clicks", secrets, start=start
                    )
        return {name: value for name, value in found.items() if name not in given}

    def leave(self) -> None:
        """Stop using the services, and stop them if no other process uses them."""
        if not self._use.is_held:
            return
        with locked(self.checkout.services_lock):
            if self._use.take():
                secrets = kept_secrets(self.checkout.secrets)
                self.postgres(secrets).stop()
                self.valkey(secrets).stop()
                self.clicks_valkey(secrets).stop()
            self._use.release()

    def postgres(self, secrets: Mapping[str, str]) -> Postgres:
        """The checkout's PostgreSQL, running or not."""
        identity = secrets["CHECKOUT_ID"]
        home = database_home(self.checkout, identity)
        return Postgres(
            home=home,
            sockets=socket_folder(home, self.checkout.digest(identity)),
            password=secrets["POSTGRES_PASSWORD"],
        )

    def valkey(self, secrets: Mapping[str, str]) -> Valkey:
        """The checkout's Valkey, running or not."""
        return Valkey(
            folder=self.checkout.valkey,
            port=kept_port(self.checkout.ports, "valkey"),
            password=secrets["VALKEY_PASSWORD"],
        )

    def clicks_valkey(self, secrets: Mapping[str, str]) -> Valkey:
        """The Valkey that clicks go through, running or not."""
        return Valkey(
            folder=self.checkout.clicks_valkey,
            port=kept_port(self.checkout.ports, "clicks"),
            password=secrets["VALKEY_PASSWORD"],
            keeps_all=True,
        )

    def servers(self, found: Mapping[str, str]) -> list[Server]:
        """Return the services to watch: those that `ensure` found or started, not given ones."""
        with locked(self.checkout.services_lock):
            secrets = kept_secrets(self.checkout.secrets)
        postgres = self.postgres(secrets)
        valkey, clicks = self.valkey(secrets), self.clicks_valkey(secrets)

        def start_postgres() -> None:
            with locked(self.checkout.services_lock):
                postgres.ensure_running()

        def start_valkey(server: Valkey) -> None:
            with locked(self.checkout.services_lock):
                if not server.is_running() and not server.start():
                    raise LocalServiceError(f"another program uses port {server.port} now.")

        watched = {
            "DATABASE_URL": Server("postgres", postgres.is_alive, start_postgres),
            "REDIS_URL": Server("valkey", valkey.is_alive, partial(start_valkey, valkey)),
            "CLICKS_URL": Server("clicks", clicks.is_alive, partial(start_valkey, clicks)),
        }
        return [server for name, server in watched.items() if name in found]

    def _database(self, secrets: Mapping[str, str], *, start: bool) -> str:
        server = self.postgres(secrets)
        if start:
            server.ensure_running()
        return server.url

    def _started(
        self,
        valkey: Callable[[Mapping[str, str]], Valkey],
        kind: str,
        secrets: Mapping[str, str],
        *,
        start: bool,
    ) -> str:
        """Return the address of one of the Valkeys; `kind` names its port."""
        server = valkey(secrets)
        if not start or server.is_running():
            return server.url
        for _ in range(PORT_TRIES):
            settle_port(self.checkout.ports, kind)
            server = valkey(secrets)
            if server.start():
                return server.url
        raise LocalServiceError("Valkey finds no port that stays free.")


_OURS = LocalServices(CHECKOUT)


def _exit_on_signal(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def ensure_services(*, start: bool = True) -> dict[str, str]:
    """Start this checkout's services if needed, and return the environment with their addresses.

    DATABASE_URL, REDIS_URL and EMAIL_URL of the current environment are used as they are. The
    services run at least as long as this process. Raises LocalServiceError.
    """
    atexit.unregister(_OURS.leave)
    atexit.register(_OURS.leave)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _exit_on_signal)  # or it would end without leaving
    return _OURS.ensure(os.environ, start=start)


def activate() -> bool:
    """Set up local mode for this process, unless TRIBUTARY_MODE names another mode.

    Adds missing variables to the environment and overrides none. Returns whether it uses this
    checkout's PostgreSQL. Exits with one line when a service can't start.
    """
    if os.environ.setdefault("TRIBUTARY_MODE", "local") != "local":
        return False
    command, *arguments = sys.argv[1:] or ["help"]
    only_asks = command in WITHOUT_SERVICES or not {"-h", "--help"}.isdisjoint(arguments)
    try:
        found = ensure_services(start=not only_asks)
    except LocalServiceError as error:
        sys.exit(str(error))
    for name, value in found.items():
        os.environ.setdefault(name, value)
    return "DATABASE_URL" in found and not only_asks
