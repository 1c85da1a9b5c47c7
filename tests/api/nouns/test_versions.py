"""The version that a caller saw, said in the body and in If-Match."""

from __future__ import annotations

import pytest

from tests.answers import Answer
from tests.api.nouns.stage import ROOT, Stage
from tests.snapshot import snapshot

CHANGES = {
    ("PATCH", "/members/{member}"): {"first_name": "Maria"},
    ("PATCH", "/offers/{offer}"): {"description": "New"},
    ("POST", "/offers/{offer}/status"): {"status": "paused"},
}
each_change = pytest.mark.parametrize(("method", "path"), list(CHANGES))


def change(stage: Stage, method: str, path: str, *, in_body: int, in_header: str) -> Answer:
    answer: Answer = getattr(stage.shop.client, method.lower())(
        ROOT + path.format(member=stage.id("member"), offer=stage.id("offer")),
        {**CHANGES[method, path], "version": in_body},
        content_type="application/json",
        headers={**stage.shop.headers, "If-Match": in_header},
    )
    return answer


@each_change
@pytest.mark.parametrize(("in_body", "in_header"), [(9, '"1"'), (1, '"9"'), (0, "1")])
def test_two_versions_that_differ_are_refused(
    stage: Stage, method: str, path: str, in_body: int, in_header: str
) -> None:
    before = snapshot()

    answer = change(stage, method, path, in_body=in_body, in_header=in_header)

    assert answer.status_code == 422
    assert answer.json()["problems"] == [
        {
            "field": "If-Match",
            "code": "refused",
            "message": "is another version than that of the body: send the one that you read, in"
            " one of them",
        }
    ]
    assert snapshot() == before


@each_change
@pytest.mark.parametrize("in_header", ['"1"', "1", "*"])
def test_the_same_version_twice_is_one(
    stage: Stage, method: str, path: str, in_header: str
) -> None:
    answer = change(stage, method, path, in_body=1, in_header=in_header)

    changed = {name: answer.json()[name] for name in CHANGES[method, path]}
    assert (answer.status_code, changed) == (200, CHANGES[method, path])


@each_change
def test_any_version_in_the_header_leaves_that_of_the_body(
    stage: Stage, method: str, path: str
) -> None:
    answer = change(stage, method, path, in_body=9, in_header="*")

    assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
