"""Requests to the API that a developer copies, with the brand's own values.

The key is read from the environment, so that it stands in no file. `is_test` makes the order count
in no figure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from accounts.models import Brand
from integrations.selectors import connections
from tracking.links.promo_codes import any_code_in_use
from tracking.orders.lookup import latest_source

KEY = "TRIBUTARY_KEY"  # the environment variable
EXAMPLE_CODE = "ANNA10"

CURL = """\
export {key}='trb_…'  # your key

curl -sS '{address}' \\
  -H "Authorization: Bearer ${key}" \\
  -H 'Content-Type: application/json' \\
  -d '{body}'
"""
PYTHON = '''\
import json
import os
import urllib.error
import urllib.request

order = json.loads("""{body}""")
request = urllib.request.Request(
    "{address}",
    data=json.dumps(order).encode(),
    headers={{
        "Authorization": "Bearer " + os.environ["{key}"],
        "Content-Type": "application/json",
    }},
)
try:
    with urllib.request.urlopen(request, timeout=30) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
'''
PHP = """\
<?php
$order = json_decode(<<<'JSON'
{body}
JSON, true);
$request = curl_init('{address}');
curl_setopt_array($request, [
    CURLOPT_POST => true,
    CURLOPT_POSTFIELDS => json_encode($order),
    CURLOPT_HTTPHEADER => [
        'Authorization: Bearer ' . getenv('{key}'),
        'Content-Type: application/json',
    ],
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_TIMEOUT => 30,
]);
$answer = curl_exec($request);
echo curl_getinfo($request, CURLINFO_RESPONSE_CODE), ' ', $answer, PHP_EOL;
"""
NODE = """\
// Node 18 or newer; save it as order.mjs
const order = {body};
const answer = await fetch('{address}', {{
  method: 'POST',
  headers: {{
    'Authorization': `Bearer ${{process.env.{key}}}`,
    'Content-Type': 'application/json',
  }},
  body: JSON.stringify(order),
}});
console.log(answer.status, await answer.text());
"""


@dataclass(frozen=True, slots=True)
class Example:
    """A whole program, or a command, by the name of its language."""

    language: str
    text: str
    is_shown: bool


def examples(brand: Brand, *, shown: str = "", now: datetime) -> list[Example]:
    """Return the same request in four languages: a test order with a code of a real member.

    `shown` is the language that is shown.
    """
    known = {one.source for one in connections()}
    order = {
        "source": latest_source(without=known) or "api",
        "order_id": f"test-{now:%Y%m%d-%H%M%S}",  # another one each time the page is opened
        "ordered_at": now.replace(microsecond=0).isoformat(),
        "currency": brand.currency,
        "promo_code": any_code_in_use() or EXAMPLE_CODE,
        "is_test": True,
        "lines": [{"sku": "TEST", "quantity": 1, "unit_price": "100.00"}],
    }
    body = json.dumps(order, indent=2, ensure_ascii=True)
    values = {"address": f"{settings.BASE_URL}/api/v1/orders", "key": KEY}
    in_shell = body.replace("'", "'\\''")
    in_python = body.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    texts = {
        "curl": CURL.format(body=in_shell, **values),
        "Python": PYTHON.format(body=in_python, **values),
        "PHP": PHP.format(body=body, **values),
        "Node": NODE.format(body=body, **values),
    }
    chosen = shown if shown in texts else "curl"
    return [Example(name, text, name == chosen) for name, text in texts.items()]
