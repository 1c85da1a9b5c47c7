"""Staff roles: a brand always keeps an owner, whatever happens at once."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from accounts.models import Role, Staff
from accounts.services import StaffError, change_staff_role, give_role, remove_staff
from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast, assemble


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_at_once_leave_one() -> None:
    """The second looks while the first has not committed yet, and has to wait for it."""
    cast = assemble()
    with acting_for(cast.juniper):
        theo = give_role(user=cast.theo, role=Role.OWNER, by=SYSTEM, now=NOW)
        ines = Staff.objects.get(user=cast.ines)
    refused: list[str] = []

    def leave() -> None:
        try:
            with acting_for(cast.juniper):
                remove_staff(staff=theo, by=SYSTEM, now=NOW)
        except StaffError as error:
            refused.append(error.field)
        finally:
            connection.close()

    second = threading.Thread(target=leave)
    with acting_for(cast.juniper), transaction.atomic():
        remove_staff(staff=ines, by=SYSTEM, now=NOW)
        second.start()
        while second.is_alive() and not somebody_waits():
            pass
    second.join()

    assert refused == ["role"]
    with acting_for(cast.juniper):
        assert [row.user for row in Staff.objects.filter(role=Role.OWNER)] == [cast.theo]


def somebody_waits() -> bool:
    """Whether a session waits for something that this one holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])


def test_the_same_role_again_changes_nothing(cast: Cast) -> None:
    with acting_for(cast.juniper):
        ines = Staff.objects.get(user=cast.ines)

        assert change_staff_role(staff=ines, role=Role.OWNER, by=SYSTEM, now=NOW).role == "owner"
