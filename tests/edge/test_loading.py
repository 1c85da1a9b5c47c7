"""Links come from PostgreSQL into memory."""

from __future__ import annotations

import gc

from core.tenancy import acting_for
from edge.cache import LinkCache
from edge.loading import load_many
from tests.cast import Cast
from tracking.models import TrackingLink


def test_the_garbage_collector_does_not_search_through_the_links(cast: Cast) -> None:
    with acting_for(cast.juniper):
        link = TrackingLink.objects.get(enrollment=cast.mara_in_glow)
    links = LinkCache(size=10, unknown=10)
    load_many([link.slug], links)

    target = links.targets[link.slug]
    assert target.link == link.pk.to_bytes(8, "big")
    assert not any(one is target for one in gc.get_objects())
