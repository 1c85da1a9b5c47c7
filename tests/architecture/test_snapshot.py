"""What proves in other tests that nothing was written."""

from __future__ import annotations

from affiliates.models import Member
from core.tenancy import acting_for
from tests.architecture.world import undone
from tests.cast import Cast
from tests.snapshot import Unchanged


def test_what_is_written_is_seen_until_it_is_undone(cast: Cast) -> None:
    everything, of_another = Unchanged(), Unchanged(brand_id=cast.saltmarsh.pk)

    with acting_for(cast.juniper), undone():
        Member.objects.filter(pk=cast.mara.pk).update(first_name="Else")
        assert not everything.holds()
        assert not everything.holds()
        assert of_another.holds()

    assert everything.holds()
