"""Run every benchmark on a PostgreSQL and a Valkey of their own; `make bench`.

Name some to run only those: `python -m benchmarks orders`.
"""

from __future__ import annotations

import importlib
import os
import sys

from tests.services import DISK, start_services

BENCHMARKS = (
    "intake", "orders", "events", "mail", "drawer", "codes", "payouts", "dashboard", "pages",
    "api_lists", "clicks", "click_figures", "overload", "redirects",
    "steady_redirects",
)  # fmt: skip


def main() -> int:
    chosen = sys.argv[1:] or list(BENCHMARKS)
    unknown = set(chosen) - set(BENCHMARKS)
    if unknown:
        print(
            f"No such benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(BENCHMARKS)}"
        )
        return 2
    os.environ.update(start_services(place=DISK).environment())
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from config.local.migrating import migrate_quickly

    migrate_quickly()
    for name in chosen:
        print(f"\n{name}")
        importlib.import_module(f"benchmarks.{name}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
