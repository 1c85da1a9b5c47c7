"""A migration that exists is never changed: installations have run it as it was."""

from __future__ import annotations

import hashlib

from tests.architecture.source import ROOT, migrations, relative

# A line per migration, as sha256sum writes it. Lines are added, and none is changed.
KNOWN = ROOT / "tests/architecture/migrations.sha256"


def known() -> dict[str, str]:
    lines = KNOWN.read_text().splitlines()
    return {path: digest for digest, path in (line.split("  ") for line in lines)}


def test_no_migration_that_exists_was_changed_or_deleted() -> None:
    """What it did wrong is put right by another migration."""
    found = {relative(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in migrations()}

    assert {path: found.get(path) for path in known()} == known()


def test_every_migration_is_known() -> None:
    """A new one: sha256sum app/migrations/0002_name.py >> tests/architecture/migrations.sha256"""
    assert {relative(path) for path in migrations()} == set(known())
    assert len(KNOWN.read_text().splitlines()) == len(known())
