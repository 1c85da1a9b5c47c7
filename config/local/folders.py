"""Where a checkout keeps its local services, and the only code that sets modes and owners.

It never touches a folder that it did not make: a parent that cannot be entered is worked around,
not opened up.
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
    """A local service can't be had; the message is one that a newcomer can act on."""


@dataclass(frozen=True)
class Checkout:
    """One copy of the repository and the places of its local state."""

    root: Path

    @property
    def state(self) -> Path:
        return self.root / ".local"

    @property
    def door(self) -> Path:
        """Locked while services are being started or stopped."""
        return self.state / "services.lock"

    @property
    def users(self) -> Path:
        """Share-locked by every process that uses the services, for as long as it lives."""
        return self.state / "users.lock"

    @property
    def running(self) -> Path:
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
    def processes(self) -> Path:
        """One file per supervised process, holding its pid."""
        return self.state / "processes"

    def digest(self, identity: str) -> str:
        """Name this checkout in a folder that all checkouts share.

        `identity` is a secret of the checkout: nobody can guess the name and be there first, and
        a copy that took the secrets along still gets a name of its own.
        """
        return hashlib.sha256(f"{self.root}\0{identity}".encode()).hexdigest()[:16]


CHECKOUT = Checkout(Path(__file__).resolve().parents[2])


@dataclass(frozen=True)
class Account:
    """The system account that a server runs as."""

    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """The account for a server that refuses root; None when this process isn't root's."""
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

    Raises LocalServiceError when something else already stands there.
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
    """The folder of the checkout's PostgreSQL.

    Inside the checkout, except for root: PostgreSQL then runs as an account that can't enter
    /root, and opening /root up is not ours to do.
    """
    if os.geteuid() == 0:
        return SHARED_PLACE / f"tributary-{checkout.digest(identity)}"
    return checkout.state / "postgres"


def socket_folder(home: Path, digest: str) -> Path:
    """A folder for PostgreSQL's socket: under `home`, or elsewhere when that path is no good.

    A socket's path has a length limit, and libpq takes a comma for the end of a host's name.
    """
    name = f"tributary-{digest}"
    for folder in (home / "socket", Path(tempfile.gettempdir()) / name, SHARED_PLACE / name):
        path = os.fsencode(folder / SOCKET_NAME)
        if len(path) <= SOCKET_PATH_LIMIT and b"," not in path:
            return folder
    raise LocalServiceError(f"No path is good for a socket, not even under {SHARED_PLACE}.")
