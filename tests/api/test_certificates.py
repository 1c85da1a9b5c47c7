"""A proxy asks whether it may get a certificate for a host."""

from __future__ import annotations

import pytest
from django.test import Client

from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot
from tracking.links.link_domains import add_domain
from tracking.models import LinkDomain

HOST = "go.juniper.example"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (HOST, 200), ("GO.Juniper.Example", 200), ("to.juniper.example", 404), ("", 404),
        ("testserver", 404), ("x\0y", 404), ("x" * 300, 404), ("%go.juniper.example", 404),
    ],
)  # fmt: skip
def test_only_a_verified_host_gets_one(cast: Cast, asked: str, status: int) -> None:
    with acting_for(cast.juniper):
        verified = add_domain(host=HOST, by=SYSTEM, now=NOW)
        add_domain(host="to.juniper.example", by=SYSTEM, now=NOW)
        LinkDomain.objects.filter(pk=verified.pk).update(verified_at=NOW, problem="")
    before = snapshot()

    answer = Client().get("/certificates/ask", {"domain": asked})

    assert answer.status_code == status
    assert answer["Cache-Control"] == "no-store"
    assert snapshot() == before


def test_nothing_is_asked_for(cast: Cast) -> None:
    assert Client().get("/certificates/ask").status_code == 404
