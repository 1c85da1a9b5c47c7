"""A shop of journeys in a browser: pages on a host of its own, under a strict policy.

Its checkout and its page after the purchase are the files that the guide to the page script shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs

import httpx
from django.utils import timezone

from api.guides import ADDRESS, FOLDER
from tests.integrations.stand_in import Reply, Sent, StandIn

HOST = "www.shop.localhost"  # Chromium finds every name under localhost on this machine
FILE = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ROUTER = """\
history.replaceState(null, '', '/winter');
document.querySelector('button').addEventListener('click', () => {
  const form = document.createElement('form');
  form.dataset.trb = 'later';
  document.body.append(form);
});
"""
CONSENT = """\
document.querySelector('button').addEventListener('click', () => {
  (window.trb = window.trb || []).push(trb => trb.consent());
});
"""


class PageShop(StandIn):
    """Serves the pages. `tributary` is our address; with `secret`, its server sends the orders."""

    def __init__(self, tributary: str, *, key: str = "", secret: str = "") -> None:
        super().__init__()
        self.tributary, self.key, self.secret = tributary, key, secret
        self.attributes = ""  # of the script
        self.orders: list[dict[str, str]] = []
        self.carts: list[str] = []
        text = (FOLDER / "page-script.md").read_text()
        self.files = {name: self._own(body) for name, body in FILE.findall(text)}

    def _own(self, text: str) -> str:
        return text.replace(ADDRESS, self.tributary).replace("trb_pub_…", self.key)

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def script(self) -> str:
        return (
            f'<script src="{self.tributary}/t.js" data-key="{self.key}" {self.attributes}'
            " defer></script>"
        )

    def answer(self, sent: Sent) -> Reply:
        pages: dict[str, Callable[[], str]] = {
            "/winter": self._landing,
            "/product": lambda: self.script + '<a href="/checkout">Checkout</a>',
            "/checkout": lambda: self.files["shop.html"],
            "/thanks": lambda: f"<h1>Thank you</h1>{self.script}{_script('thanks.js')}",
            "/router": lambda: f"{self.script}{_script('router.js')}<button>More</button>",
            "/consent": lambda: f"{self.script}{_script('consent.js')}<button>Agree</button>",
            "/shopify": lambda: f"{_script('shopify.js')}{self.script}",
        }
        scripts = {
            "/thanks.js": self.files["thanks.js"],
            "/router.js": ROUTER,
            "/consent.js": CONSENT,
            "/shopify.js": "window.Shopify = {routes: {root: '/en/'}};",
        }
        if sent.path in scripts:
            headers = {"content-type": "text/javascript"}
            return Reply(body=scripts[sent.path].encode(), headers=headers)
        if sent.path == "/order":
            return self._order(sent)
        if sent.path == "/en/cart/update.js":
            self.carts.append(sent.json()["attributes"]["_trb"])
            return Reply.of({}, set_cookie="cart=c1; Path=/")
        if sent.path in pages:
            return self._page(pages[sent.path]())
        return Reply(404)

    def _landing(self) -> str:
        return f'<h1>Winter</h1>{self.script}<a href="/product">Product</a>'

    def _page(self, body: str) -> Reply:
        policy = (
            f"default-src 'none'; script-src 'self' {self.tributary};"
            f" connect-src 'self' {self.tributary}; form-action 'self'; base-uri 'none'"
        )
        headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": policy}
        return Reply(body=f"<!doctype html><title>Shop</title>{body}".encode(), headers=headers)

    def _order(self, sent: Sent) -> Reply:
        """The server of the shop: it sends the order with the field that the script filled."""
        form = {name: values[0] for name, values in parse_qs(sent.body.decode()).items()}
        self.orders.append(form)
        if self.secret:
            self._send(form.get("click_id", ""))
        return Reply(303, headers={"location": "/done" if self.secret else "/thanks"})

    def _send(self, click_id: str) -> None:
        order = {
            "order_id": "F-1", "ordered_at": timezone.now().isoformat(), "currency": "GBP",
            "click_id": click_id, "lines": [{"quantity": 1, "unit_price": "84.20"}],
        }  # fmt: skip
        answer = httpx.post(
            f"{self.tributary}/api/v1/orders",
            json=order,
            headers={"Authorization": f"Bearer {self.secret}"},
            timeout=20,
        )
        assert answer.status_code == 201, answer.text


def _script(name: str) -> str:
    return f'<script src="/{name}" defer></script>'
