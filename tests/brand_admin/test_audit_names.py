"""The audit log names every kind of thing, with one query for each."""

from __future__ import annotations

from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from brand_admin.settings.audit_names import NAMES, names_in
from core.references import Reference, kind_of
from core.tenancy import acting_for
from tests.architecture.world import World

MODELS = {kind_of(model): model for model in apps.get_models()}


def test_everything_has_its_name_in_the_audit_log(world: World) -> None:
    with acting_for(world.cast.juniper):
        rows = [row for kind in NAMES for row in MODELS[kind]._default_manager.all()]
        expected = {Reference.to(row): NAMES[kind_of(type(row))][1](row) for row in rows}
        entries = [AuditEntry(target=target) for target in expected]

        with CaptureQueriesContext(connection) as captured:
            found = names_in(entries)
        with acting_for(world.cast.saltmarsh):
            elsewhere = names_in(entries)

    assert {target.partition(":")[0] for target in expected} == set(NAMES)
    assert found == expected
    assert len(captured) == len(NAMES)
    assert elsewhere == {}


def test_what_is_no_row_has_no_name(world: World) -> None:
    texts = ("", "offer", "offer:", "offer:x", "offer:-1", "offer:987654321", "terms:1")
    entries = [AuditEntry(target=text) for text in texts]

    with acting_for(world.cast.juniper):
        assert names_in(entries) == {}
