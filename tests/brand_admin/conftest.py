"""Who sits at the desk and when, and a project called Launch, before and after its set-up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from time_machine import TimeMachineFixture

from affiliates.models import Member
from affiliates.services import add_member
from brand_admin.listing import changing
from core.tenancy import acting_for
from integrations.connections import connect, subscribe
from integrations.models import Connection
from offers.models import Project
from offers.projects import add_to_project, create_project, set_up_stage
from tests.brand_admin.choosing import SEVERAL_PAGES
from tests.brand_admin.desk import desk_of
from tests.brand_admin.launch import new_offer
from tests.cast import NOW, SYSTEM, Cast
from tests.integrations.woocommerce.stand_in import KEY, SECRET, WooStore


@pytest.fixture
def theo(cast: Cast) -> Client:
    """The browser of the manager of Juniper."""
    return desk_of(cast.theo)


@pytest.fixture
def at_noon(time_machine: TimeMachineFixture) -> None:
    """It is the moment as of which the cast was put in."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def project(cast: Cast) -> Project:
    """Launch, with all three members and no offer yet."""
    everybody = [cast.mara, cast.diego, cast.june]
    with acting_for(cast.juniper):
        made = create_project(name="Launch", by=SYSTEM, now=NOW)
        add_to_project(project=made, members=everybody, by=SYSTEM, now=NOW)
    return made


@pytest.fixture
def staged(cast: Cast, project: Project) -> Project:
    """Launch, set up with an offer of codes and links that nobody has yet."""
    with acting_for(cast.juniper):
        return set_up_stage(project=project, offer=new_offer(), by=SYSTEM, now=NOW)


@pytest.fixture
def crowd(cast: Cast) -> list[Member]:
    """More members than a page shows, who all match "crowd"."""
    with acting_for(cast.juniper):
        return [
            add_member(
                first_name=f"Ada{number:02}",
                last_name="Crowd",
                email=f"ada{number:02}@crowd.example",
                by=SYSTEM,
                now=NOW,
            )
            for number in range(SEVERAL_PAGES)
        ]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows are many here."""
    monkeypatch.setattr(changing, "MAX_ROWS_RUN_AT_ONCE", 2)


@pytest.fixture
def store() -> Iterator[WooStore]:
    """A WooCommerce store on this machine."""
    with WooStore().running() as running:
        yield running


@pytest.fixture
def ines(cast: Cast) -> Client:
    """The browser of the owner of Juniper."""
    return desk_of(cast.ines)


@pytest.fixture
def connection(cast: Cast, store: WooStore) -> Connection:
    """Juniper's store, which waits for its first order."""
    with acting_for(cast.juniper):
        given = {"store": store.address, "consumer_key": KEY, "consumer_secret": SECRET}
        made = connect(kind="woocommerce", entered=given, by=SYSTEM, now=NOW)
        subscribe(connection=made, by=SYSTEM, now=NOW)
        return Connection.objects.get()
