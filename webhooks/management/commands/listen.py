"""manage.py listen --brand B [--port P] [--status S]"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from accounts.actors import Actor
from accounts.management.options import add_brand_option, brand_named
from accounts.models import Brand
from core import commands
from core.tenancy import acting_for
from webhooks.addresses import AddressError
from webhooks.endpoints import EndpointError, add_endpoint, delete_endpoint
from webhooks.listening import Listener
from webhooks.models import Endpoint
from webhooks.signing import live_secrets

PORT = 8765
BY = Actor.system("manage.py listen")


class Command(commands.Command):
    help = "Receive a brand's webhooks on this machine: print each, and check its signature."
    kept = "The endpoint for this machine may be left: delete it under Connections, Webhooks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_brand_option(parser)
        parser.add_argument("--port", type=int, default=PORT, help=f"of this machine: {PORT}")
        parser.add_argument(
            "--status", type=int, default=200, help="what to answer: 200; try 500 or 410"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        brand = brand_named(options["brand"])
        try:
            listener = Listener(
                port=options["port"], status=options["status"], say=self.stdout.write,
                secrets=lambda: self._secrets(brand, address),
            )  # fmt: skip
        except (OSError, OverflowError) as error:
            raise CommandError(f"Port {options['port']} can't be used: {error}.") from None
        address = listener.address
        with listener:
            added = self._endpoint_for(brand, address)
            self.stdout.write(f"Webhooks of {brand.name} come to {address}. Ctrl-C ends this.")
            try:
                listener.serve_forever()
            except KeyboardInterrupt:
                self.stdout.write("")
            finally:
                self._delete(brand, added)

    def _endpoint_for(self, brand: Brand, address: str) -> Endpoint | None:
        """Add an endpoint for all events; None where there is one already."""
        with acting_for(brand):
            if Endpoint.objects.kept().filter(address=address).exists():
                return None
            try:
                made = add_endpoint(
                    address=address, events=[], description="manage.py listen", by=BY,
                    now=timezone.now(),
                )  # fmt: skip
            except (AddressError, EndpointError) as error:
                raise CommandError(f"{error} Only local mode sends to this machine.") from None
        return made.endpoint

    def _secrets(self, brand: Brand, address: str) -> tuple[str, ...]:
        with acting_for(brand):
            row = Endpoint.objects.kept().filter(address=address).first()
            return live_secrets(row, now=timezone.now()) if row is not None else ()

    def _delete(self, brand: Brand, added: Endpoint | None) -> None:
        if added is not None:
            with acting_for(brand):
                delete_endpoint(endpoint=added, by=BY, now=timezone.now())
