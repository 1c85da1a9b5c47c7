"""What each kind of shop needs before it can be connected, step by step, in its own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from brand_admin.connections.drawings import Drawing, a_button, a_field, a_note, a_tick
from integrations.shopify.credentials import NEEDED_SCOPES, OLDER_ORDERS
from integrations.stripe.api import PERMISSIONS
from integrations.stripe.shop import NEW_KEY_ADDRESS


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `copy` is a label and a text to paste there; `link` a label and an address."""

    title: str
    text: str
    drawing: Drawing
    copy: tuple[str, str] | None = None
    link: tuple[str, str] | None = None
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guide:
    """`when` says in a sentence for whom it is; `after` what happens once the shop is connected."""

    kind: str
    name: str
    when: str
    needs: str
    steps: tuple[Step, ...]
    after: str


SHOPIFY = Guide(
    kind="shopify",
    name="Shopify",
    when="Your shop runs on Shopify, and you open its admin at admin.shopify.com.",
    needs="You need to be the owner of the store, or staff who may develop apps. It takes about"
    " five minutes.",
    steps=(
        Step(
            "Find the store's address",
            "In Shopify's admin, open Settings, and then Domains. Copy the address that ends in"
            " .myshopify.com. It is not the address that shoppers see.",
            Drawing(
                alt="Shopify's settings: Domains in the menu, and in it the address that ends in"
                " .myshopify.com.",
                address="admin.shopify.com · Settings",
                menu=("General", "Plan", "Users", "Payments", "Domains"),
                chosen="Domains",
                heading="Domains",
                parts=(
                    a_field("Primary domain", "www.your-store.com", is_target=False),
                    a_field("Shopify domain", "your-store.myshopify.com"),
                ),
            ),
        ),
        Step(
            "Create an app",
            "Open Shopify's Dev Dashboard with the account of your store, choose Apps, and press"
            " Create app. Start it from the Dev Dashboard, and call it Tributary.",
            Drawing(
                alt="The Dev Dashboard: Apps in the menu, and the button Create app.",
                address="dev.shopify.com · Dashboard",
                menu=("Home", "Stores", "Apps", "Catalogs"),
                chosen="Apps",
                heading="Apps",
                parts=(a_note("Build apps for your store"), a_button("Create app")),
            ),
            link=("Open the Dev Dashboard", "https://dev.shopify.com/dashboard"),
        ),
        Step(
            "Give it its scopes, and release it",
            "In the new version of the app, paste this into Scopes, and press Release. Add"
            f" {OLDER_ORDERS} if orders older than 60 days are to be imported too; Shopify may ask"
            " you to request that one.",
            Drawing(
                alt="The app's Versions: the field Scopes with three scopes, and the button"
                " Release.",
                address="dev.shopify.com · Tributary",
                menu=("Home", "Versions", "Logs", "Settings"),
                chosen="Versions",
                heading="New version",
                parts=(
                    a_field("Scopes", "read_orders,read_customers,…"),
                    a_button("Release"),
                ),
            ),
            copy=("Scopes", ",".join(NEEDED_SCOPES)),
        ),
        Step(
            "Install it in your store",
            "Go to the app's Home, press Install app, choose your store, and confirm. Shopify lists"
            " what the app may read.",
            Drawing(
                alt="The app's Home: the button Install app.",
                address="dev.shopify.com · Tributary",
                menu=("Home", "Versions", "Logs", "Settings"),
                chosen="Home",
                heading="Tributary",
                parts=(a_note("Installs: 0"), a_button("Install app")),
            ),
        ),
        Step(
            "Copy its client ID and client secret",
            "They are in the app's Settings, under Credentials. Show the client secret, and copy"
            " both into the form on this page.",
            Drawing(
                alt="The app's Settings: Client ID, and Client secret.",
                address="dev.shopify.com · Tributary",
                menu=("Home", "Versions", "Logs", "Settings"),
                chosen="Settings",
                heading="Credentials",
                parts=(
                    a_field("Client ID", "8f1c…"),
                    a_field("Client secret", "••••••••••••"),
                ),
            ),
        ),
    ),
    after="We then have Shopify send orders, changes and refunds to us, and test the connection.",
)

WOOCOMMERCE = Guide(
    kind="woocommerce",
    name="WooCommerce",
    when="Your shop is a WordPress site with the plugin WooCommerce.",
    needs="You need a WordPress login as an administrator. It takes about three minutes.",
    steps=(
        Step(
            "Add a key",
            "In WordPress, open WooCommerce → Settings, choose Advanced, then REST API, and press"
            " Add key.",
            Drawing(
                alt="WordPress: WooCommerce Settings in the menu, Advanced and REST API, and the"
                " button Add key.",
                address="your-shop.com/wp-admin",
                menu=("Dashboard", "Posts", "WooCommerce", "Settings", "Plugins"),
                chosen="Settings",
                heading="Advanced · REST API",
                parts=(a_note("No keys found"), a_button("Add key")),
            ),
        ),
        Step(
            "Say what it may do",
            "Call it Tributary, choose an administrator as User, and Read/Write as Permissions."
            " Press Generate API key.",
            Drawing(
                alt="Key details: the description Tributary, the permissions Read/Write, and the"
                " button Generate API key.",
                address="your-shop.com/wp-admin",
                menu=("Dashboard", "Posts", "WooCommerce", "Settings", "Plugins"),
                chosen="Settings",
                is_menu_target=False,
                heading="Key details",
                parts=(
                    a_field("Description", "Tributary"),
                    a_field("Permissions", "Read/Write"),
                    a_button("Generate API key"),
                ),
            ),
        ),
        Step(
            "Copy the key and the secret",
            "WooCommerce shows them this once. Copy both into the form on this page before you"
            " leave that one.",
            Drawing(
                alt="The new key: Consumer key, and Consumer secret.",
                address="your-shop.com/wp-admin",
                menu=("Dashboard", "Posts", "WooCommerce", "Settings", "Plugins"),
                chosen="Settings",
                is_menu_target=False,
                heading="API key generated",
                parts=(
                    a_field("Consumer key", "ck_1a2b3c…"),
                    a_field("Consumer secret", "cs_9f8e7d…"),
                ),
            ),
        ),
    ),
    after="We then make the webhooks in WooCommerce ourselves, and look for missed orders every 15"
    " minutes.",
)

STRIPE = Guide(
    kind="stripe",
    name="Stripe",
    when="You sell with Stripe Checkout, Payment Links or subscriptions, without another shop"
    " system.",
    needs="You need to be an administrator or developer of the Stripe account. It takes about three"
    " minutes.",
    steps=(
        Step(
            "Find the account ID",
            "In the Stripe Dashboard, open Settings, and then Account details. The account ID"
            " begins with acct_.",
            Drawing(
                alt="Stripe's settings: Account details in the menu, and in it the account ID.",
                address="dashboard.stripe.com/settings",
                menu=("Business", "Account details", "Team", "Billing"),
                chosen="Account details",
                heading="Account details",
                parts=(
                    a_field("Account name", "Your brand", is_target=False),
                    a_field("Account ID", "acct_1A2b3C…"),
                ),
            ),
        ),
        Step(
            "Create a restricted key",
            "The button opens Stripe's page for a new key, with these permissions chosen. Check"
            " them, and press Create key.",
            Drawing(
                alt="A new restricted key: its name, its permissions, and the button Create key.",
                address="dashboard.stripe.com/apikeys",
                menu=("Overview", "Webhooks", "API keys", "Logs"),
                chosen="API keys",
                is_menu_target=False,
                heading="Create restricted key",
                parts=(
                    a_field("Key name", "Tributary", is_target=False),
                    a_tick("Checkout Sessions: read"),
                    a_tick("Charges: read …"),
                    a_button("Create key"),
                ),
            ),
            link=("Open Stripe's page", NEW_KEY_ADDRESS),
            items=tuple(f"{resource}: {level}" for resource, level in PERMISSIONS.values()),
        ),
        Step(
            "Copy the key",
            "It begins with rk_live_. Stripe shows it once, so copy it into the form on this page"
            " at once. A key that begins with rk_test_ connects Stripe's test mode: its orders earn"
            " nothing.",
            Drawing(
                alt="The list of API keys: the restricted key Tributary, which begins with"
                " rk_live_.",
                address="dashboard.stripe.com/apikeys",
                menu=("Overview", "Webhooks", "API keys", "Logs"),
                chosen="API keys",
                is_menu_target=False,
                heading="Restricted keys",
                parts=(a_field("Tributary", "rk_live_51A2…"),),
            ),
        ),
    ),
    after="We then make the webhook endpoint in Stripe ourselves, with its signing secret.",
)

GUIDES: Mapping[str, Guide] = {one.kind: one for one in (SHOPIFY, WOOCOMMERCE, STRIPE)}
