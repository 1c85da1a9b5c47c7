"""A new password is neither short nor leaked."""

from __future__ import annotations

import pytest

from accounts.models import User
from tests.answers import as_one_line
from tests.cast import Cast
from tests.security.entering import PASSWORD, browser, give_app, give_password, log_in
from tests.security.entering import fast_and_fresh as fast_and_fresh


@pytest.mark.parametrize(
    "password",
    ["qwertyuiop123", "iloveyou1234", "trustno1trustno1", "correcthorsebatterystaple",
     "Liverpool2010", "DRAGON123456", " 1q2w3e4r5t6y ", "neworleans12345"],
)  # fmt: skip
def test_leaked_passwords_are_refused(password: str, cast: Cast) -> None:
    client = log_in(browser(), cast.ines)

    answer = client.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": password, "password2": password},
    )

    assert answer.status_code == 200
    assert "lists of leaked passwords" in as_one_line(answer.content.decode())
    assert User.objects.get(pk=cast.ines.pk).check_password(PASSWORD)


def test_a_short_one_is_refused_and_an_unknown_one_is_not(cast: Cast) -> None:
    give_password(cast.ines)
    give_app(cast.vera)
    client = log_in(browser(), cast.ines)

    def change(new: str) -> int:
        fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}
        return int(client.post("/account/password/change/", fields).status_code)

    assert [change("elevenchars"), change("ines castell ines"), change(PASSWORD + " 7")] == [
        200, 200, 302,
    ]  # fmt: skip
