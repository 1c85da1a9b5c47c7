"""manage.py load_demo: once, and silent afterwards."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from config.local import demo
from core import commands


class Command(commands.Command):
    help = "Load the demo brands, unless they are there."
    kept = "The demo brands are loaded whole or not at all."

    def handle(self, *args: Any, **options: Any) -> None:
        if demo.is_loaded():
            return
        with transaction.atomic():
            demo.load(now=timezone.now())
        self.stdout.write("The demo brands are loaded.")
