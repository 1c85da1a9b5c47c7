#!/usr/bin/env python
"""Run a management command; in local mode the services it needs are found or started."""

import os
import sys

from config.local import activate


def main() -> None:
    """Run the command that the arguments name.

    A server that is away, or Ctrl-C, ends it with a sentence instead of a traceback. Our own
    commands also say what they kept, see core.commands; this is for Django's.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        has_own_database = activate()
        from config.logs import log_uncaught
        from core.commands import main as run_command

        log_uncaught()
        if has_own_database:
            from config.local.prepare import make_tables_for

            make_tables_for(*sys.argv[1:2])
        run_command(sys.argv)
    except KeyboardInterrupt:
        sys.exit("Stopped before anything was done.")


if __name__ == "__main__":
    main()
