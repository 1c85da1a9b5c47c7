"""Run Python with temporary production settings, for checks that open no connection.

`python -m config.local.throwaway manage.py check --deploy`
"""

from __future__ import annotations

import os
import sys

from config.local.keys import fresh_secrets

ADDRESSES = {
    "TRIBUTARY_MODE": "production",
    "BASE_URL": "https://tributary.example",
    "ALLOWED_HOSTS": "tributary.example",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "EMAIL_URL": "smtp://127.0.0.1:1",
    "DEFAULT_FROM_EMAIL": "tracking@tributary.example",
}


if __name__ == "__main__":
    environment = {**os.environ, **fresh_secrets(), **ADDRESSES}
    os.execve(sys.executable, [sys.executable, *sys.argv[1:]], environment)  # noqa: S606
