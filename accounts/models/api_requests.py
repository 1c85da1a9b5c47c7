"""The last requests of each brand to the API, and how they were answered."""

from __future__ import annotations

import pgtrigger
from django.db import models

from accounts.models.api_keys import ApiKey
from core.tenancy import TenantForeignKey, TenantModel

KEPT_REQUESTS = 100  # of each brand
MAX_BODY_CHARACTERS = 2_048

# Of two transactions at once, the second one waits and then sees the rows of the first.
_ONLY_THE_LAST = f"""
FOR crowded IN SELECT DISTINCT brand_id FROM added ORDER BY brand_id LOOP
  PERFORM pg_advisory_xact_lock(hashtextextended('api requests', crowded));
  DELETE FROM accounts_apirequest WHERE brand_id = crowded AND id <= (
    SELECT id FROM accounts_apirequest WHERE brand_id = crowded
    ORDER BY id DESC OFFSET {KEPT_REQUESTS} LIMIT 1
  );
END LOOP;
RETURN NULL;
"""  # noqa: S608


class ApiRequest(TenantModel):
    """A request to the API with a key of the brand, and its answer.

    The bodies are beginnings, without personal data and secrets. `code` and `detail` are those of
    the problem, for a refused one. PostgreSQL keeps the last KEPT_REQUESTS of a brand.
    """

    key = TenantForeignKey(ApiKey)
    received_at = models.DateTimeField()
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=500)
    status = models.PositiveSmallIntegerField()
    milliseconds = models.PositiveIntegerField()
    code = models.CharField(max_length=60, blank=True)
    detail = models.CharField(max_length=1_000, blank=True)
    sent = models.CharField(max_length=MAX_BODY_CHARACTERS, blank=True)
    answered = models.CharField(max_length=MAX_BODY_CHARACTERS, blank=True)

    class Meta(TenantModel.Meta):
        triggers = [
            pgtrigger.Trigger(
                name="accounts_only_the_last_requests",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="added"),
                declare=[("crowded", "bigint")],
                func=_ONLY_THE_LAST,
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_refused(self) -> bool:
        return self.status >= 400
