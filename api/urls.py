"""Addresses for machines: /api/v1/, pictures, webhooks and probes."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from api.authentication import with_every_request_counted
from api.certificates import ask
from api.email_webhooks import receive
from api.guides import guide_list, guide_page
from api.health import healthz, readyz
from api.idempotency import idempotent
from api.metrics import metrics
from api.order_key import with_origin
from api.pictures import picture
from api.problem_pages import problem_page
from api.problems import nothing, with_problem_details
from api.rate_limit import with_rate_limit
from api.reference import reference
from api.request_log import noted
from api.shop_webhooks import receive as receive_from_shop
from api.v1 import api

v1_patterns, v1_app_name, v1_namespace = api.urls
for pattern in v1_patterns:
    if isinstance(pattern, URLPattern) and pattern.callback is not None:
        answer = with_problem_details(idempotent(pattern.callback))
        counted = with_rate_limit(with_every_request_counted(answer))
        pattern.callback = noted(with_origin(counted))
unknown = noted(with_rate_limit(with_every_request_counted(nothing)))
v1_patterns.append(re_path("", unknown, name="nothing"))

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include((v1_patterns, v1_app_name), namespace=v1_namespace)),
    path("api/docs", reference, name="reference"),
    path("api/guides/", guide_list, name="guides"),
    path("api/guides/<slug:name>", guide_page, name="guide"),
    path("api/problems/<slug:code>", problem_page, name="problem"),
    path("certificates/ask", ask, name="ask_for_certificate"),
    path("pictures/<slug:slug>/<slug:digest>", picture, name="picture"),
    path("webhooks/email/<slug:service>/", receive, name="email_webhook"),
    path("webhooks/<uuid:public_id>", receive_from_shop),
    path("webhooks/<uuid:public_id>/", receive_from_shop, name="shop_webhook"),
    path("webhooks/<uuid:public_id>/<path:rest>", receive_from_shop),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
