#!/usr/bin/env python
"""Run a management command; in local mode the services it needs are found or started."""

import os
import sys

from config.local import activate


def main() -> None:
    """Run the command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    activate()
    from django.core.management import execute_from_command_line

    from config.logs import log_uncaught

    log_uncaught()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
