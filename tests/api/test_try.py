import pytest, json
from tests.api.shop import Shop, key_for
pytestmark = pytest.mark.django_db
def test_try(cast, shop):
    for path in ("members","offers","enrollments?expand=member,offer","codes","links","clicks","members?limit=2", "members?limt=2","members?limit=999","offers?expand=terms","codes?expand=enrollment"):
        a = shop.ask(f"/api/v1/{path}")
        print(path, a.status_code, a.content.decode()[:700])
    a = shop.ask("/api/v1/members?limit=2").json()
    print(shop.ask(f"/api/v1/members?limit=2&cursor={a['next_cursor']}").json())
    print(shop.ask(f"/api/v1/offers?limit=2&cursor={a['next_cursor']}").json())
    print(shop.send("/api/v1/members", {"email":"x@y.example","frist_name":"X"}).json())
    print(shop.send("/api/v1/members", {"email":"x@y.example","first_name":"X","tags":["VIP"],"handles":{"x":"@me"}, "owner":"ines@juniper.example"}).json())
    print(shop.send("/api/v1/members", {"email":"x@y.example","first_name":"X\0"}).json())
    print(shop.send("/api/v1/members", {"email":"x@y.example"}).json())
    print(shop.send("/api/v1/members", b"{").json())
    print(shop.send("/api/v1/members", b"").json())
    doc = shop.ask("/api/v1/openapi.json").json()
    print(json.dumps(doc["paths"]["/api/v1/members"])[:3000])
