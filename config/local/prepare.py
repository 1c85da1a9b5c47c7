"""Bring the local database up to the code, before anything serves it or a command reads it.

`python -m config.local.prepare --addresses` prints then where to look first, for `make run`: it has
all of Django loaded already, and another process would load it once more.
"""

from __future__ import annotations

import logging
import os
import sys

from config.local.folders import CHECKOUT


def main() -> None:
    """Migrate, then load the demo; both do nothing when there is nothing to do."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command
    from django.core.management.base import CommandError

    from config.local.migrating import migrate_quickly
    from core.commands import exit_on_outage

    # The demo's role changes would hide the addresses on the terminal.
    logging.getLogger("security").setLevel(logging.WARNING)
    try:
        exit_on_outage(migrate_quickly)
        call_command("load_demo", stdout=sys.stderr)
    except CommandError as error:
        sys.exit(str(error))
    if "--addresses" in sys.argv[1:]:
        try:
            call_command("addresses")
        except CommandError as error:
            print(error)


def make_tables_for(command: str = "") -> None:
    """Migrate this checkout's own database first, if a command of ours needs it.

    Django's own commands, such as migrate, run on the database as it is.
    """
    import django

    django.setup()
    from django.core.management import get_commands
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from config.local.migrating import migrate_quickly
    from core.commands import exit_on_outage

    app = str(get_commands().get(command, ""))
    if not (CHECKOUT.root / app.replace(".", "/") / "management").is_dir():
        return

    def bring_up_to_date() -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            print("Bringing the database up to date ...", file=sys.stderr, flush=True)
            migrate_quickly()

    exit_on_outage(bring_up_to_date)


if __name__ == "__main__":
    main()
