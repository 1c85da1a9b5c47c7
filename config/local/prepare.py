"""Bring the local database up to the code and load the demo brand, before anything serves it."""

from __future__ import annotations

import logging
import os
import sys


def main() -> None:
    """Migrate, then load the demo; both do nothing when there is nothing to do."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command
    from django.core.management.base import CommandError

    from core.commands import or_one_line

    # Who got which role in the demo is no news to the person who waits for the addresses.
    logging.getLogger("security").setLevel(logging.WARNING)
    try:
        or_one_line(lambda: call_command("migrate", interactive=False, verbosity=0))
        call_command("load_demo")
    except CommandError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
