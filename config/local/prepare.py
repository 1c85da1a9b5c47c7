"""Bring the local database up to the code and load the demo brand, before anything serves it."""

from __future__ import annotations

import os


def main() -> None:
    """Migrate, then load the demo; both do nothing when there is nothing to do."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    call_command("load_demo")


if __name__ == "__main__":
    main()
