"""A key that changes members is shown dashboard links, which are derived and kept nowhere."""

from __future__ import annotations

from accounts.models import ApiRequest, IdempotentRequest
from api.request_log import REQUESTS
from core.tenancy import across_brands
from tests.api.nouns.recipes import perform
from tests.api.nouns.stage import ROOT, Stage
from tests.api.shop import Shop, key_for


def test_a_dashboard_link_needs_the_scope_that_changes_members(stage: Stage) -> None:
    """It opens a dashboard without a login, so reading alone does not show it."""
    reader = Shop(key_for(stage.cast.juniper, scopes=["read"]))
    path = f"{ROOT}/enrollments/{stage.id('enrollment')}/dashboard-link"

    assert reader.client.post(path, headers=reader.headers).status_code == 403
    link = perform(stage, "show_dashboard_link").json()["url"]
    assert stage.shop.client.get(link).status_code == 200


def test_a_dashboard_link_is_kept_nowhere_and_a_repeat_shows_the_one_that_opens(
    stage: Stage,
) -> None:
    """It is derived and not stored: a revoked one is never handed out again."""
    address = f"/enrollments/{stage.id('enrollment')}/dashboard-link"
    headers = stage.shop.headers | {"Idempotency-Key": "link"}
    REQUESTS.forget()
    first = stage.shop.client.post(f"{ROOT}{address}", headers=headers).json()["url"]
    REQUESTS.store()
    enrollments = {"enrollments": [stage.id("enrollment")]}
    stage.send("POST", "/enrollments/renew-dashboard-link", enrollments)

    again = stage.shop.client.post(f"{ROOT}{address}", headers=headers).json()["url"]

    assert again != first
    assert stage.shop.client.get(first).status_code == 404
    assert stage.shop.client.get(again).status_code == 200
    token = first.rsplit("/", 1)[-1]
    with across_brands(reason="to look for a secret"):
        kept = [*IdempotentRequest.objects.values(), *ApiRequest.objects.values()]
    assert kept
    assert token not in repr(kept)
