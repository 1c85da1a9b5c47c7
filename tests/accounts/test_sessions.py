"""Sessions know whose they are, say what they are used with, and end when their row is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError

from accounts.devices import Device, device_of
from accounts.models import Session, User
from accounts.sessions import SessionStore, end_session, end_sessions, open_sessions, record_use
from tests.cast import NOW, Cast

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)


def session_of(user: User | None, *, agent: str = IPHONE, minutes: int = 0) -> SessionStore:
    store, now = SessionStore(), NOW + timedelta(minutes=minutes)
    with time_machine.travel(now, tick=False):
        if user is not None:
            store[SESSION_KEY] = str(user.pk)
            store.begin(user_id=user.pk, agent=agent, network="203.0.113.7", now=now)
        store.save()
    return store


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        yield


def key_of(store: SessionStore) -> str:
    assert store.session_key is not None
    return store.session_key


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (IPHONE, Device("Safari", "iPhone", is_handheld=True)),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/131.0 Mobile Safari/537.36",
         Device("Chrome", "Android", is_handheld=True)),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/131.0 Safari/537.36 Edg/131.0",
         Device("Edge", "Windows", is_handheld=False)),
        ("Mozilla/5.0 (Macintosh) Gecko/20100101 Firefox/133.0",
         Device("Firefox", "Mac", is_handheld=False)),
        ("curl/8.5.0", Device("", "", is_handheld=False)),
        ("", Device("", "", is_handheld=False)),
    ],
)  # fmt: skip
def test_a_browser_is_named_as_its_owner_would(agent: str, device: Device) -> None:
    assert device_of(agent) == device


def test_a_session_knows_its_user_and_nobody_is_none(cast: Cast) -> None:
    own, nobodys = session_of(cast.ines), session_of(None)

    assert Session.objects.get(pk=own.session_key).user == cast.ines
    assert Session.objects.get(pk=nobodys.session_key).user is None


def test_sessions_are_listed_for_their_owner_alone(cast: Cast) -> None:
    first, last = session_of(cast.ines), session_of(cast.ines, minutes=5)
    session_of(cast.otto)

    found = open_sessions(cast.ines, current=first, now=NOW)

    assert [(one.is_this, one.used_at) for one in found] == [
        (True, NOW),
        (False, NOW + timedelta(minutes=5)),
    ]
    assert found[0].network == "203.0.113.7"
    assert found[0].device.system == "iPhone"
    assert {key_of(first), key_of(last)}.isdisjoint({one.handle for one in found})


def test_use_is_noted_once_a_minute_and_the_beginning_kept(cast: Cast) -> None:
    store = session_of(cast.ines)
    store.modified = False

    record_use(store, agent="a", network="n", now=NOW + timedelta(seconds=59))
    assert Session.objects.get().used_at == NOW
    record_use(store, agent="a", network="n", now=NOW + timedelta(seconds=60))
    record_use(store, agent="b", network="m", now=NOW + timedelta(seconds=119))

    row = Session.objects.get()
    assert (row.began_at, row.used_at) == (NOW, NOW + timedelta(seconds=60))
    assert (row.agent, row.network) == ("a", "n")
    assert row.expire_date == NOW + timedelta(seconds=60, hours=12)
    assert not store.modified  # what a session holds is left alone


def test_a_note_overwrites_nothing_that_another_request_kept(cast: Cast) -> None:
    first = session_of(cast.ines)
    second = SessionStore(key_of(first))
    assert second[SESSION_KEY] == str(cast.ines.pk)
    first["kept"] = "meanwhile"
    first.save()

    record_use(second, agent="a", network="n", now=NOW + timedelta(minutes=11))

    assert SessionStore(key_of(first))["kept"] == "meanwhile"


def test_an_ended_session_is_empty_and_somebody_elses_stays(cast: Cast) -> None:
    own, other = session_of(cast.ines), session_of(cast.otto)
    [handle] = [one.handle for one in open_sessions(cast.otto, current=None, now=NOW)]

    assert not end_session(user=cast.ines, handle=handle, network="n", now=NOW)
    assert not end_session(user=cast.ines, handle="nonsense", network="n", now=NOW)
    assert Session.objects.count() == 2
    [handle] = [one.handle for one in open_sessions(cast.ines, current=None, now=NOW)]
    assert end_session(user=cast.ines, handle=handle, network="n", now=NOW)

    assert dict(SessionStore(key_of(own)).items()) == {}
    assert SessionStore(key_of(other))[SESSION_KEY] == str(cast.otto.pk)


def test_all_others_end_at_once(cast: Cast) -> None:
    this, *_ = session_of(cast.ines), session_of(cast.ines), session_of(cast.ines)
    session_of(cast.otto)

    assert end_sessions(user=cast.ines, except_key=this.session_key, network="n", now=NOW) == 2

    assert set(Session.objects.values_list("user", flat=True)) == {cast.ines.pk, cast.otto.pk}


def test_who_ended_a_session_that_is_being_saved_keeps_it_ended(cast: Cast) -> None:
    store = session_of(cast.ines)
    Session.objects.all().delete()
    store["more"] = 1

    with pytest.raises(UpdateError):
        store.save()

    assert Session.objects.count() == 0
