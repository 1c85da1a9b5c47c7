"""Staff roles: a brand always keeps an owner, whatever happens at once."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from accounts.models import Role, Staff
from accounts.services import StaffError, add_staff, change_staff_role, remove_staff
from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast, assemble


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_at_once_leave_one() -> None:
    cast = assemble()
    with acting_for(cast.juniper):
        theo = add_staff(email=cast.theo.email, role=Role.OWNER, by=SYSTEM, now=NOW)
        ines = Staff.objects.get(user=cast.ines)
    start, refused = threading.Barrier(2), []

    def leave(row: Staff) -> None:
        start.wait()
        with acting_for(cast.juniper):
            try:
                remove_staff(staff=row, by=SYSTEM, now=NOW)
            except StaffError as error:
                refused.append(error.field)
        connection.close()

    threads = [threading.Thread(target=leave, args=[row]) for row in (ines, theo)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert refused == ["role"]
    with acting_for(cast.juniper):
        assert Staff.objects.filter(role=Role.OWNER).count() == 1


def test_the_same_role_again_changes_nothing(cast: Cast) -> None:
    with acting_for(cast.juniper):
        ines = Staff.objects.get(user=cast.ines)

        assert change_staff_role(staff=ines, role=Role.OWNER, by=SYSTEM, now=NOW).role == "owner"
