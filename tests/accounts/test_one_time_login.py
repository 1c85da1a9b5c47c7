"""A one-time link logs in once, by a deliberate press."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import one_time_login
from tests.cast import Cast


def test_opening_the_link_alone_logs_nobody_in(cast: Cast, client: Client) -> None:
    path = f"/once/{one_time_login.make_token(cast.ines)}"

    assert client.get(path).status_code == 200
    assert "_auth_user_id" not in client.session


def test_the_link_logs_in_once(cast: Cast, client: Client) -> None:
    path = f"/once/{one_time_login.make_token(cast.ines)}"

    answer = client.post(path, follow=True)

    assert answer.redirect_chain[-1][0] == "/admin/juniper/"
    assert client.session["_auth_user_id"] == str(cast.ines.pk)
    assert Client().post(path).status_code == 404


@pytest.mark.parametrize("spoil", ["", "x", "NA.forged", "....", "AAAA.c0ffee-0000"])
def test_a_forged_token_is_not_found(cast: Cast, client: Client, spoil: str) -> None:
    assert client.post(f"/once/{spoil or 'none'}").status_code == 404
    assert "_auth_user_id" not in client.session


def test_a_token_of_one_person_does_not_log_in_another(cast: Cast) -> None:
    head = one_time_login.make_token(cast.otto).partition(".")[0]
    tail = one_time_login.make_token(cast.ines).partition(".")[2]

    assert one_time_login.user_for(f"{head}.{tail}") is None
