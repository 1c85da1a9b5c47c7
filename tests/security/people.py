"""Everybody who might try to be somebody else, and whom they would like to be."""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.logins import user_for_proven_address
from affiliates.models import Creator
from tests.cast import Cast, proven_user
from tests.factories import UserFactory

SECRET = "JBSWY3DPEHPK3PXP"  # of the operator's authenticator app
# Addresses that open something: of a creator who never logged in, of an owner, of nobody yet.
VICTIMS = ("mara@lindqvist.example", "otto@saltmarsh.example", "next-owner@fern.example")


@dataclass(frozen=True)
class People:
    """One of each kind, all proven; `creator` is June, the member of two brands."""

    owner: User
    manager: User
    viewer: User
    creator: User
    operator: User

    def all(self) -> dict[str, User]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def gather(cast: Cast) -> People:
    """The cast's staff, a creator with a login, and an operator with a second factor."""
    june = user_for_proven_address(email=cast.june.email, now=cast.now)
    assert june is not None
    operator = proven_user("olga@tributary.example", "Olga Berg")
    operator.is_staff = True
    operator.save(update_fields=["is_staff"])
    TOTP.activate(operator, SECRET)
    return People(cast.ines, cast.theo, cast.vera, june, operator)


def logged_in(user: User | None, *, method: str = "") -> Client:
    """A browser; with a `method`, one that has just shown by it who it is."""
    client = Client(raise_request_exception=False)
    if user is None:
        return client
    client.force_login(user)
    if method:
        record = {"method": method, "at": time.time(), "reauthenticated": True}
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [record]
        session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
        session.save()
    return client


def same_login(browser: Client) -> Client:
    """Another browser with the cookies of this one, whatever the other will do with them."""
    client = Client(raise_request_exception=False)
    client.cookies = deepcopy(browser.cookies)
    return client


def unproven(email: str, **fields: object) -> User:
    """A login that somebody made for an address that nobody has shown to read."""
    return UserFactory.create(
        email=email, password="a-quiet-river-9", joined_at=timezone.now(), **fields
    )


def creator_with(email: str) -> Creator:
    return Creator.objects.get(email=email)
