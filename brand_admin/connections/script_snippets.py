"""What a shop pastes into its pages, for each kind of shop, with the brand's own key."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

TAG = '<script src="{host}/t.js" data-key="{key}" defer></script>'
WOOCOMMERCE = """\
add_action('wp_head', function () {{
    echo '{tag}';
}});
// The field is for browsers without cookies.
add_action('woocommerce_after_order_notes', function () {{
    echo '<input type="hidden" name="trb" data-trb>';
}});
function tributary_click_id($order) {{
    $click = $_POST['trb'] ?? $_COOKIE['trb'] ?? '';
    if (is_string($click) && preg_match('/^[\\w-]{{48}}$/', $click)) {{
        $order->update_meta_data('_trb', $click);
    }}
}}
add_action('woocommerce_checkout_create_order', 'tributary_click_id');
add_action('woocommerce_store_api_checkout_update_order_meta', 'tributary_click_id');
"""
FORM = """\
<form action="/order" method="post" data-trb="click_id">
  …
</form>
"""
THANKS = """\
(window.trb = window.trb || []).push(trb => trb.order({
  order_id: '1001',
  currency: 'GBP',
  amount: '84.20',       // without tax and shipping
  promo_code: 'MARA15',  // if the shopper entered one
}));
"""
CONSENT = '<script src="{host}/t.js" data-key="{key}" data-consent defer></script>'
CONSENTED = "(window.trb = window.trb || []).push(trb => trb.consent());"
POLICY = "script-src {host}; connect-src {host}"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A text to paste: what it does, and where it goes."""

    name: str
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class SnippetGroup:
    """What one kind of shop needs. `limits` says what does not work there."""

    title: str
    snippets: tuple[Snippet, ...]
    limits: str = ""


def snippets(key: str) -> tuple[SnippetGroup, ...]:
    """Return the snippets with this publishable key."""
    values = {"host": settings.BASE_URL, "key": key}
    tag = TAG.format(**values)
    return (
        SnippetGroup(
            "Any shop",
            (
                Snippet("The script", "Into the head of every page.", tag),
                Snippet(
                    "A form that sends the order",
                    "The attribute data-trb adds a hidden field of that name with the click id."
                    " Send the field to our API as click_id, with your order.",
                    FORM,
                ),
                Snippet(
                    "Or report the order in the browser",
                    "In a script of the page after the purchase, if nothing on your server can call"
                    " our API. Such orders wait for review.",
                    THANKS,
                ),
            ),
        ),
        SnippetGroup(
            "Shopify",
            (
                Snippet(
                    "The script",
                    "Online Store → Themes → Edit code → theme.liquid, before </head>. The click id"
                    " becomes the cart attribute _trb, and your connected shop sends it with each"
                    " order.",
                    tag,
                ),
            ),
            limits="Theme scripts do not run in Shopify's checkout and on its thank-you page, and"
            " Shopify runs custom pixels in a frame without an address, which no key lists. So"
            " connect the shop, in place of reporting orders in the browser.",
        ),
        SnippetGroup(
            "WooCommerce",
            (
                Snippet(
                    "The script, and the click id with each order",
                    "Into functions.php of your theme, or into a plugin for code snippets. Your"
                    " connected shop then sends the click id with each order.",
                    WOOCOMMERCE.format(tag=tag),
                ),
            ),
        ),
        SnippetGroup(
            "Consent and security",
            (
                Snippet(
                    "Wait for consent",
                    "In place of the script above. It keeps nothing until you call the next line.",
                    CONSENT.format(**values),
                ),
                Snippet(
                    "Once the shopper agrees",
                    "In your own script, on each page where consent is given."
                    " trb.consent(false) deletes what was kept.",
                    CONSENTED,
                ),
                Snippet(
                    "Content-Security-Policy",
                    "Add this if your shop has one.",
                    POLICY.format(**values),
                ),
            ),
        ),
    )
