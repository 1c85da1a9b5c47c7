"""Change a connection: its name, its credentials, its secret; and end it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.connections.asking import asks_shop
from brand_admin.connections.forms import CredentialsForm, NameForm, SecretForm
from brand_admin.connections.guides import GUIDES
from brand_admin.connections.setup import SECTION, tell
from brand_admin.connections.views import ended
from brand_admin.connections.words import Checked
from brand_admin.pages import render_page
from integrations.connections import NotConnectedError, disconnect, rename
from integrations.models import Connection
from integrations.selectors import connections, live_connections
from integrations.setting_up import SetUp, change_secret, enter_again
from integrations.shop import CredentialError, SignsWithCredential
from integrations.shopify.shop import Shopify
from integrations.shops import shop_of

TELLS_OF_SHOPPERS = {Shopify.kind}  # other shops send no request of shoppers
CHANGED = "The secret is changed. The former one is valid for a day more."
forms_and_pages = require_http_methods(["GET", "HEAD", "POST"])


@forms_and_pages
@brand_page(Permission.ADMINISTER)
def connection_name(request: BrandRequest, connection_id: int) -> HttpResponse:
    """Give a connection another name."""
    connection = get_object_or_404(connections(), pk=connection_id)
    data = request.POST if request.method == "POST" else None
    form = NameForm(data, initial={"name": connection.name})
    if data is not None and form.is_valid():
        name = form.cleaned_data["name"]
        rename(connection=connection, name=name, by=request.actor, now=timezone.now())
        messages.success(request, f"It is called {name} now.")
        return _back(request, connection)
    return render_page(
        request,
        "brand_admin/connections/name.html",
        section=SECTION,
        connection=connection,
        form=form,
        status=422 if form.errors else 200,
    )


@never_cache
@forms_and_pages
@brand_page(Permission.ADMINISTER)
@asks_shop
def connection_credentials(request: BrandRequest, connection_id: int) -> HttpResponse:
    """Enter other credentials, which the shop has to accept."""
    connection = get_object_or_404(live_connections(), pk=connection_id)
    data = request.POST if request.method == "POST" else None
    form = CredentialsForm(data, kind=connection.kind, now=timezone.now(), connection=connection)
    result = None
    if data is not None and form.is_valid():
        try:
            result = _entered_again(request, connection, form)
        except NotConnectedError:
            return ended(request, connection)
    if result is not None and result.connection is not None:
        messages.success(request, "The shop accepts the new credentials.")
        tell(request, result.findings)
        return _back(request, connection)
    return render_page(
        request,
        "brand_admin/connections/credentials.html",
        section=SECTION,
        connection=connection,
        guide=GUIDES.get(connection.kind),
        form=form,
        checked=Checked.of(result.findings) if result else None,
        status=422 if result or form.errors else 200,
    )


def _entered_again(
    request: BrandRequest, connection: Connection, form: CredentialsForm
) -> SetUp | None:
    entered = form.entered()
    form.keep(entered)
    try:
        return enter_again(connection=connection, entered=entered, by=request.actor, now=form.now)
    except CredentialError as error:
        form.refuse(error)
        return None


@never_cache
@forms_and_pages
@brand_page(Permission.ADMINISTER)
@asks_shop
def connection_secret(request: BrandRequest, connection_id: int) -> HttpResponse:
    """Change the secret that the shop signs with: enter the shop's, or make one."""
    connection = get_object_or_404(live_connections(), pk=connection_id)
    is_of_shop = isinstance(shop_of(connection.kind), SignsWithCredential)
    form = SecretForm(request.POST if request.method == "POST" and is_of_shop else None)
    if request.method == "POST" and (not is_of_shop or form.is_valid()):
        secret = form.cleaned_data["secret"] if is_of_shop else ""
        try:
            result = change_secret(
                connection=connection, secret=secret, by=request.actor, now=timezone.now()
            )
        except CredentialError as error:
            form.add_error("secret", error.message)
        except NotConnectedError:
            return ended(request, connection)
        else:
            messages.success(request, CHANGED)
            tell(request, result.findings)
            return _back(request, connection)
    return render_page(
        request,
        "brand_admin/connections/secret.html",
        section=SECTION,
        connection=connection,
        shop=shop_of(connection.kind),
        form=form if is_of_shop else None,
        status=422 if form.errors else 200,
    )


@forms_and_pages
@brand_page(Permission.ADMINISTER)
@asks_shop
def connection_disconnect(request: BrandRequest, connection_id: int) -> HttpResponse:
    """Ask for confirmation, then end the connection."""
    connection = get_object_or_404(connections(), pk=connection_id)
    if request.method == "POST":
        disconnect(connection=connection, by=request.actor, now=timezone.now())
        messages.success(request, f"{connection.name} is disconnected.")
        return _back(request, connection)
    return render_page(
        request,
        "brand_admin/connections/disconnect.html",
        section=SECTION,
        connection=connection,
        shop=shop_of(connection.kind),
        tells_of_shoppers=connection.kind in TELLS_OF_SHOPPERS,
    )


def _back(request: BrandRequest, connection: Connection) -> HttpResponse:
    return redirect("brand_admin:connection", request.brand.slug, connection.pk)
