"""The checkout's secrets: made once on this machine, readable only by their owner."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

NAMES = (
    "SECRET_KEY",
    "LINK_KEYS",
    "CLICK_KEYS",
    "DETAILS_KEYS",
    "PUBLIC_ID_KEY",
    "POSTGRES_PASSWORD",
    "VALKEY_PASSWORD",
    "CHECKOUT_ID",
)


def fresh_secrets() -> dict[str, str]:
    """Return a new value for every secret, 384 bits each."""
    return {name: secrets.token_urlsafe(48) for name in NAMES}


def kept_secrets(path: Path) -> dict[str, str]:
    """Return the secrets in `path`; add missing ones. Call while holding the services' lock."""
    found = _read(path)
    missing = {name: value for name, value in fresh_secrets().items() if name not in found}
    if missing:
        found |= missing
        _write(path, found)
    return found


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def _write(path: Path, values: dict[str, str]) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("# Secrets of this checkout's local services, made by this machine.\n")
        file.writelines(f"{name}={value}\n" for name, value in values.items())
    draft.replace(path)
