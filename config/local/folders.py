"""The folders of a checkout's local services; the only code that sets their modes and owners.

It never changes a folder that it did not make. If a parent folder can't be entered, it uses another
place.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOCKET_PATH_LIMIT = 103  # bytes, the smaller of Linux's 107 and macOS's 103
SOCKET_NAME = ".s.PGSQL.5432"
SHARED_PLACE = Path("/var/tmp")  # noqa: S108 - survives a restart and can be entered by everybody


class LocalServiceError(Exception):
    """A local service can't run; the message says what to do."""


@dataclass(frozen=True)
class Checkout:
    """One copy of the repository, with the paths of its local state."""

    root: Path

    @property
    def state(self) -> Path:
        return self.root / ".local"

    @property
    def services_lock(self) -> Path:
        """Locked while services are started or stopped."""
        return self.state / "services.lock"

    @property
    def users_lock(self) -> Path:
        """Every process that uses the services holds a shared lock on it for its lifetime."""
        return self.state / "users.lock"

    @property
    def run_lock(self) -> Path:
        """Locked by the one `make run` of this checkout."""
        return self.state / "run.lock"

    @property
    def secrets(self) -> Path:
        return self.state / "secrets.env"

    @property
    def ports(self) -> Path:
        return self.state / "ports.json"

    @property
    def inbox(self) -> Path:
        return self.state / "inbox"

    @property
    def valkey(self) -> Path:
        return self.state / "valkey"

    @property
    def clicks_valkey(self) -> Path:
        return self.state / "clicks-valkey"

    @property
    def processes(self) -> Path:
        """One file per supervised process, holding its pid."""
        return self.state / "processes"

    def digest(self, identity: str) -> str:
        """Return this checkout's name in a folder that all checkouts share.

        `identity` is a secret of the checkout, so nobody can guess the name and create it first.
        The path is part of the name, so a copy with the same secrets gets another name.
        """
        return hashlib.sha256(f"{self.root}\0{identity}".encode()).hexdigest()[:16]


CHECKOUT = Checkout(Path(__file__).resolve().parents[2])


@dataclass(frozen=True)
class Account:
    """The system account that a server runs as."""

    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """Return the account for a server that refuses root; None if this process isn't root's."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise LocalServiceError(
        "PostgreSQL refuses to run as root and this machine has no account called nobody: "
        "run this as an ordinary user, or set DATABASE_URL."
    )


def own_folder(path: Path, *, mode: int = 0o700, account: Account | None = None) -> Path:
    """Make sure that `path` is a folder of ours (or `account`'s) with exactly `mode`.

    Raises LocalServiceError when something else is already there.
    """
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        pass
    except OSError as error:
        raise LocalServiceError(f"{path} can't be made: {error.strerror}.") from error
    else:
        if account:
            os.chown(path, account.uid, account.gid)
    found = path.lstat()
    owner = account.uid if account else os.geteuid()
    if path.is_symlink() or not path.is_dir() or found.st_uid != owner:
        raise LocalServiceError(f"{path} belongs to somebody else: move it away, then try again.")
    if found.st_mode & 0o7777 != mode:
        path.chmod(mode)
    return path


def database_home(checkout: Checkout, identity: str) -> Path:
    """Return the folder of the checkout's PostgreSQL.

    It is inside the checkout, except for root: PostgreSQL then runs as an account that can't enter
    /root, and we must not change the mode of /root.
    """
    if os.geteuid() == 0:
        return SHARED_PLACE / f"tributary-{checkout.digest(identity)}"
    return checkout.state / "postgres"


def socket_folder(home: Path, digest: str) -> Path:
    """Return a folder for PostgreSQL's socket: under `home`, or elsewhere if that path is unusable.

    A socket's path has a length limit, and a comma ends a host's name in libpq.
    """
    name = f"tributary-{digest}"
    for folder in (home / "socket", Path(tempfile.gettempdir()) / name, SHARED_PLACE / name):
        path = os.fsencode(folder / SOCKET_NAME)
        if len(path) <= SOCKET_PATH_LIMIT and b"," not in path:
            return folder
    raise LocalServiceError(f"No path can hold PostgreSQL's socket, not even {SHARED_PLACE}.")
