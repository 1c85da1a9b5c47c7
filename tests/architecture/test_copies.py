"""What a committing test begins with comes back as it was when it was made: see tests.copies."""

import pytest
from django.db import connection

from accounts.models import Brand
from affiliates.models import Member
from affiliates.services import add_member
from core.tenancy import acting_for
from tests.cast import Cast, assemble
from tests.copies import copied
from tests.snapshot import snapshot

pytestmark = pytest.mark.django_db(transaction=True)
made: list[object] = []


def make() -> Cast:
    everybody = assemble()
    made.append(snapshot())
    return everybody


@pytest.mark.parametrize("time", ["first", "second", "third"])
def test_it_is_made_once_and_then_copied(time: str) -> None:
    """Each of the three leaves a member, who is not there the next time."""
    everybody = copied("test of copies", make)

    assert made == [snapshot()]
    assert Brand.objects.get(pk=everybody.juniper.pk) == everybody.juniper
    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)  # triggers work again
    with acting_for(everybody.juniper):
        there = set(Member.objects.values_list("pk", flat=True))
        new = add_member(
            email="nils@berg.example", first_name="Nils", last_name="", by=everybody.by,
            now=everybody.now,
        )  # fmt: skip
        assert new.pk not in there
        assert new.pk > max(there)
