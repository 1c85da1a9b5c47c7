"""Connect a shop, check it, change its credentials and secret, rename and disconnect it."""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import raises_if_taken
from integrations.credentials import (
    credentials_of,
    live_secrets,
    seal_credentials,
    seal_secret,
    secret_of,
)
from integrations.models import Connection, ConnectionState
from integrations.shop import (
    WEBHOOK_SECRET,
    AccessRefusedError,
    ChoosesSecret,
    CredentialError,
    Finding,
    Shop,
    ShopAwayError,
    ShopClient,
    SignsWithCredential,
    titles_by_advice,
)
from integrations.shops import filled_every, shop_of
from integrations.states import end_connection, note_access, note_access_refused, note_problem

FORMER_SECRET_VALID_FOR = timedelta(days=1)
MAX_SOURCE = 60  # characters, of which the API allows a-z, 0-9, "-" and "_"
MAX_STORE = 200  # characters
TOO_LONG = f"The store's address has more than {MAX_STORE} characters. Enter its beginning alone."
REACHED, ACCEPTED = "The shop answers", "The shop accepts the credentials"
ONE_OF_A_STORE = ("integrations_connection_live_once", "integrations_connection_store_once")
THE_SHOP_MAKES_IT = "The shop makes its secret: make a new one there, and enter it here."

Findings = tuple[Finding, ...]


class StoreTakenError(Exception):
    """The store is connected already; the message says so, and not whose it is."""

    def __init__(self, store: str) -> None:
        super().__init__(
            f"{store} is connected already. One store can send its orders to one brand:"
            " disconnect it there first."
        )


class NotConnectedError(Exception):
    """The connection has ended: connect the shop again first."""


def webhook_address(connection: Connection) -> str:
    """Return the address that the shop sends its deliveries to."""
    return settings.BASE_URL + reverse("api:shop_webhook", args=[connection.public_id])


def client_of(connection: Connection) -> ShopClient:
    """Return a client for the store. Raises NotConnectedError."""
    credentials = credentials_of(connection)
    if not credentials:
        raise NotConnectedError
    return shop_of(connection.kind).client(credentials)


def connect(
    *, kind: str, entered: Mapping[str, str], by: Actor, now: datetime, name: str = ""
) -> Connection:
    """Keep the credentials of a store, sealed. It is neither called nor told anything yet.

    A store that was connected before keeps its source and its history. Raises CredentialError for
    what was entered, and StoreTakenError.
    """
    shop = shop_of(kind)
    credentials = _with_secret(shop, shop.clean(entered), made=new_secret())
    store = shop.store_of(credentials)
    if len(store) > MAX_STORE:
        raise CredentialError(shop.fields[0].name, TOO_LONG)
    with raises_if_taken(*ONE_OF_A_STORE, error=partial(StoreTakenError, store)):
        return _connect(shop, store, credentials, name=name, by=by, now=now)


@transaction.atomic
def _connect(
    shop: Shop, store: str, credentials: Mapping[str, str], *, name: str, by: Actor, now: datetime
) -> Connection:
    rows = Connection.objects.select_for_update()
    row = rows.filter(kind=shop.kind, store=store).first()
    if row is not None and row.is_live:
        raise StoreTakenError(store)
    is_new = row is None
    if row is None:
        row = Connection(kind=shop.kind, store=store, source=_source(shop.kind, store))
        row.created_at = now
        row.assign_current_brand()
    row.public_id = uuid.uuid4()  # webhooks that were left behind in the shop lead nowhere
    row.name = name.strip()[:120] or row.name or f"{shop.name} {store}"[:120]
    row.state, row.ended_at, row.connected_at = ConnectionState.CONNECTING, None, None
    row.problem, row.problem_at, row.silent_since = "", None, None
    row.sealed_former_secret, row.former_secret_until = "", None
    _keep(row, credentials, now=now)
    row.save()
    audit.record(
        action="connection.made" if is_new else "connection.made_again",
        target=row,
        by=by,
        now=now,
        store=store,
        kind=shop.kind,
    )
    return row


@transaction.atomic
def change_credentials(
    *, connection: Connection, entered: Mapping[str, str], by: Actor, now: datetime
) -> Connection:
    """Replace the credentials of a live connection, such as after a token was revoked.

    Raises CredentialError, also for those of another store, and NotConnectedError.
    """
    row = _locked(connection)
    shop = shop_of(row.kind)
    known, field = secret_of(row), secret_field_of(shop)
    credentials = _with_secret(shop, shop.clean(entered), made=known)
    if not entered.get(field):
        credentials[field] = known  # a shop that has a secret of ours keeps it
    if shop.store_of(credentials) != row.store:
        raise CredentialError(
            shop.fields[0].name, f"This is another store. Enter the credentials of {row.store}."
        )
    if credentials[field] != known:
        _put_former_secret(row, now=now)
    _keep(row, credentials, now=now)
    row.save()
    audit.record(action="connection.credentials_changed", target=row, by=by, now=now)
    return row


def check(*, connection: Connection, by: Actor, now: datetime) -> Findings:
    """Ask the shop whether all is right. Each finding says what is not, and what to do.

    A shop that refuses access, or accepts it again, changes the connection's state.
    """
    findings, refused = _answers_of(client_of(connection))
    if refused:
        note_access_refused(connection, refused, by=by, now=now)
    elif is_usable(findings):
        note_access(connection, now=now)
    return findings


def check_entered(
    *, kind: str, entered: Mapping[str, str], connection: Connection | None = None
) -> Findings:
    """Ask a store whether these credentials work, before they are kept. Raises CredentialError.

    `connection` is the one that has others by now, if they are to replace those.
    """
    shop = shop_of(kind)
    known = secret_of(connection) if connection else ""
    credentials = _with_secret(shop, shop.clean(entered), made=known or new_secret())
    return _answers_of(shop.client(credentials))[0]


def is_usable(findings: Findings) -> bool:
    """Whether all is there without which no orders come."""
    return all(one.is_ok or not one.is_needed for one in findings)


def _answers_of(client: ShopClient) -> tuple[Findings, str]:
    """What a check found, and a sentence where the shop refuses access."""
    try:
        return client.check(), ""
    except ShopAwayError as error:
        return (Finding(REACHED, is_ok=False, advice=str(error)),), ""
    except AccessRefusedError as error:
        return (Finding(ACCEPTED, is_ok=False, advice=str(error)),), str(error)


def subscribe(*, connection: Connection, by: Actor, now: datetime) -> Findings:
    """Have the shop send its orders to us: make the webhooks that are missing.

    A new connection then waits for its first order. What is wrong is noted on the connection.
    """
    client = client_of(connection)
    address = webhook_address(connection)
    try:
        findings = client.subscribe(address)
    except ShopAwayError as error:
        return (Finding(REACHED, is_ok=False, advice=str(error)),)
    except AccessRefusedError as error:
        note_access_refused(connection, str(error), by=by, now=now)
        return (Finding("The shop accepts our webhooks", is_ok=False, advice=str(error)),)
    chosen = client.chosen_secret if isinstance(client, ChoosesSecret) else ""
    _subscribed(connection, findings, chosen, by=by, now=now)
    return findings


@transaction.atomic
def _subscribed(
    connection: Connection, findings: Findings, chosen: str, *, by: Actor, now: datetime
) -> None:
    row = _locked(connection)
    if chosen and chosen != secret_of(row):
        # After a rotation the former one is the shop's; the one that we made signed nothing.
        if len(live_secrets(row, now=now)) < 2:
            _put_former_secret(row, now=now)
        _keep(row, {**credentials_of(row), secret_field_of(shop_of(row.kind)): chosen}, now=now)
    wrong = [finding for finding in findings if not finding.is_ok]
    row.subscribed_at = now
    if row.state == ConnectionState.CONNECTING and not wrong:
        row.state = ConnectionState.WAITING
        row.connected_at = row.filled_until = now
        row.next_fill_at = now + filled_every(row.kind)
        audit.record(action="connection.subscribed", target=row, by=by, now=now)
    row.save()
    note_problem(row, _problem(wrong), now=now)


def _problem(wrong: Sequence[Finding]) -> str:
    """What is wrong, as one text; of several with the same advice it is said once."""
    return " ".join(
        f"{', '.join(titles)}: {advice}" for advice, titles in titles_by_advice(wrong).items()
    )


def rotate_secret(
    *, connection: Connection, by: Actor, now: datetime, secret: str = ""
) -> Connection:
    """Change the secret that the shop signs with; the former one is valid for a day more.

    Without a `secret` that the shop gave out, one is made; call `subscribe` to tell the shop.
    Raises NotConnectedError, and CredentialError for what is no secret of such a shop, or where the
    shop alone can make one.
    """
    shop = shop_of(connection.kind)
    field = secret_field_of(shop)
    if not secret.strip() and field != WEBHOOK_SECRET:
        raise CredentialError(field, THE_SHOP_MAKES_IT)
    with transaction.atomic():
        row = _locked(connection)
        known = credentials_of(row)
        given = shop.clean({**known, field: secret}) if secret.strip() else {}
        new = given.get(field) or new_secret()
        if new != secret_of(row):
            _put_former_secret(row, now=now)
            _keep(row, {**known, field: new}, now=now)
            row.save()
            audit.record(action="connection.secret_rotated", target=row, by=by, now=now)
    return row


@transaction.atomic
def rename(*, connection: Connection, name: str, by: Actor, now: datetime) -> Connection:
    """Give it another name. An empty one changes nothing."""
    row = Connection.objects.select_for_update().get(pk=connection.pk)
    new = name.strip()[:120]
    if new and new != row.name:
        before, row.name = row.name, new
        row.save(update_fields=["name"])
        audit.record(
            action="connection.renamed", target=row, by=by, now=now, name=new, before=before
        )
    return row


def disconnect(*, connection: Connection, by: Actor, now: datetime) -> Connection:
    """End it: its address answers 404 from now on, and its credentials are forgotten.

    The shop's webhooks are removed if the shop lets us; else they lead nowhere. Orders stay.
    """
    address = webhook_address(connection)
    client = client_of(connection) if connection.sealed_credentials else None
    with transaction.atomic():
        row = end_connection(connection, ConnectionState.DISCONNECTED, by=by, now=now)
    if client is not None:
        try:
            client.unsubscribe(address)
        except (ShopAwayError, AccessRefusedError) as error:
            _note_left_behind(row, str(error), by=by, now=now)
    return row


def _note_left_behind(row: Connection, reason: str, *, by: Actor, now: datetime) -> None:
    audit.record(action="connection.webhooks_left", target=row, by=by, now=now, reason=reason[:300])


def new_secret() -> str:
    """Return a random secret for a shop's webhooks."""
    return secrets.token_urlsafe(32)


def secret_field_of(shop: Shop) -> str:
    """Return the name of the credential that the shop signs with."""
    return shop.secret_field if isinstance(shop, SignsWithCredential) else WEBHOOK_SECRET


def _with_secret(shop: Shop, credentials: Mapping[str, str], *, made: str) -> dict[str, str]:
    """The credentials with a secret: the one that was entered, or else the one that we made."""
    field = secret_field_of(shop)
    return {**credentials, field: credentials.get(field) or made}


def _keep(row: Connection, credentials: Mapping[str, str], *, now: datetime) -> None:
    """Set the sealed credentials and the secret among them. It is not saved."""
    secret = credentials[secret_field_of(shop_of(row.kind))]
    if secret not in live_secrets(row, now=now)[:1]:
        row.sealed_secret, row.secret_at = seal_secret(row, secret), now
    row.sealed_credentials = seal_credentials(row, credentials)


def _put_former_secret(row: Connection, *, now: datetime) -> None:
    if row.sealed_secret:
        row.sealed_former_secret = row.sealed_secret
        row.former_secret_until = now + FORMER_SECRET_VALID_FOR


def _locked(connection: Connection) -> Connection:
    row = Connection.objects.select_for_update().get(pk=connection.pk)
    if not row.is_live:
        raise NotConnectedError
    return row


def _source(kind: str, store: str) -> str:
    """The source of a new connection: "shopify-juniper-myshopify-com"; unique in the brand."""
    plain = re.sub(r"[^a-z0-9]+", "-", f"{kind}-{store}".lower()).strip("-")
    wanted = plain
    if len(plain) > MAX_SOURCE or Connection.objects.filter(source=plain).exists():
        digest = hashlib.sha256(store.encode()).hexdigest()[:8]
        wanted = f"{plain[: MAX_SOURCE - 9].strip('-')}-{digest}"
    return wanted
