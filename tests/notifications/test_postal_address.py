"""The brand's postal address stands at the end of every mail to members."""

from __future__ import annotations

from notifications.rendering import BrandStyle, prepare, render
from tests.notifications.senders import BODY, values

LINK = "https://go.example/u/token"


def test_the_brands_postal_address_ends_both_halves_of_a_mail() -> None:
    style = BrandStyle(postal_address="1 <b>Test</b> Street\nLondon {{ first_name }}")

    mail = render(
        prepare(subject="s", body=BODY, style=style), values=values(), unsubscribe_link=LINK
    )

    assert mail.text.rstrip().endswith(
        "Juniper & Co, 1 <b>Test</b> Street, London {\u2060{\u2060 first_name }\u2060}\u2060"
    )
    assert "Juniper &amp; Co, 1 &lt;b&gt;Test&lt;/b&gt; Street, London" in mail.html
