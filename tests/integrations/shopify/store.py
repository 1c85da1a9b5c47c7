"""What is in the store of the stand-in: orders, subscriptions, discounts, and jobs under way."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

JOB_SECONDS = 2.0  # until a job is done; a job that adds codes begins at once
ALREADY_TAKEN = "Code must be unique. Please try a different code."


def named(gid: str) -> str:
    return gid.rpartition("/")[2]


class Store:
    """`is_refusing` is what every change of codes is refused with, as a user error."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.orders: dict[str, dict[str, Any]] = {}  # as webhooks send them
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.discounts: dict[str, dict[str, Any]] = {}
        self.creations: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, tuple[float, str, list[str]]] = {}
        self.is_refusing = ""
        self.job_seconds = JOB_SECONDS
        self._ids = itertools.count(1)

    def put(self, *orders: dict[str, Any]) -> None:
        """Have these orders, as they are now."""
        self.orders.update({str(one["id"]): one for one in orders})

    def _gid(self, kind: str) -> str:
        return f"gid://shopify/{kind}/{next(self._ids)}"

    def subscribe(self, topic: str, uri: str = "", format: str = "JSON") -> tuple[Any, list[Any]]:  # noqa: A002
        same = [
            one for one in self.subscriptions.values() if (one["topic"], one["uri"]) == (topic, uri)
        ]
        if same:
            said = "Address for this topic has already been taken"
        elif not uri.startswith(("https://", "http://127.0.0.1")):
            said = "Address protocol http:// is not supported"
        else:
            gid = self._gid("WebhookSubscription")
            made = {"id": gid, "topic": topic, "uri": uri, "format": format}
            self.subscriptions[gid] = made
            return made, []
        return None, [{"field": ["webhookSubscription", "uri"], "message": said}]

    def make_discount(self, given: dict[str, Any]) -> tuple[Any, list[Any]]:
        missing = [name for name in ("title", "code", "startsAt", "context") if not given.get(name)]
        percentage = given.get("customerGets", {}).get("value", {}).get("percentage", 0)
        if self.is_refusing:
            said = self.is_refusing
        elif missing:
            said = f"{missing[0]} can't be blank"
        elif not 0 < percentage <= 1:
            said = "Value must be between 0.0 and 1.0"
        elif self._holder(given["code"]):
            said = ALREADY_TAKEN
        else:
            gid = self._gid("DiscountCodeNode")
            self.discounts[gid] = {
                "id": gid,
                "title": given["title"],
                "percentage": percentage,
                "status": "ACTIVE",
                "codes": {},
            }
            self.have_code(gid, given["code"])
            return self.discounts[gid], []
        return None, [{"field": ["basicCodeDiscount"], "code": "INVALID", "message": said}]

    def have_code(self, discount_id: str, code: str, used: int = 0) -> None:
        gid = self._gid("DiscountRedeemCode")
        codes = self.discounts[discount_id]["codes"]
        codes[gid] = {"id": gid, "code": code, "asyncUsageCount": used}

    def _holder(self, code: str) -> str | None:
        for discount in self.discounts.values():
            if any(one["code"].lower() == code.lower() for one in discount["codes"].values()):
                return str(discount["id"])
        return None

    def shown_discounts(self) -> Iterator[dict[str, Any]]:
        self._work()
        for one in self.discounts.values():
            codes = list(one["codes"].values())
            kind = one.get("kind", "DiscountCodeBasic")
            yield {**one, "__typename": kind, "codes": codes}

    def add_codes(self, discount_id: str, codes: list[str]) -> tuple[Any, list[Any]]:
        if self.is_refusing or discount_id not in self.discounts or len(codes) > 250:
            said = self.is_refusing or "Discount does not exist or has too many codes"
            return None, [{"field": ["codes"], "code": "INVALID", "message": said}]
        gid = self._gid("DiscountRedeemCodeBulkCreation")
        self.creations[gid] = {
            "id": gid,
            "discount": discount_id,
            "wanted": codes,
            "at": self.clock() + self.job_seconds,
            "codes": [],
        }
        return self.creation(gid), []

    def creation(self, gid: str) -> dict[str, Any] | None:
        """A job that adds codes. `done` is said as soon as it began; the counts come later."""
        self._work()
        found = self.creations.get(gid)
        if found is None:
            return None
        failed = [one for one in found["codes"] if one["errors"]]
        return {
            "id": gid,
            "done": self.clock() >= found["at"] - self.job_seconds / 2,
            "codesCount": len(found["wanted"]),
            "importedCount": len(found["codes"]) - len(failed),
            "failedCount": len(failed),
            "codes": found["codes"],
        }

    def remove_codes(self, discount_id: str, ids: list[str]) -> tuple[Any, list[Any]]:
        if self.is_refusing:
            said = {"field": ["ids"], "code": "INVALID", "message": self.is_refusing}
            return None, [said]
        gid = self._gid("Job")
        self.jobs[gid] = (self.clock() + self.job_seconds, discount_id, ids)
        return self.job(gid), []

    def job(self, gid: str) -> dict[str, Any]:
        self._work()
        return {"id": gid, "done": self.clock() >= self.jobs[gid][0]}

    def _work(self) -> None:
        """Do what is due by now."""
        for found in self.creations.values():
            if self.clock() >= found["at"] and not found["codes"]:
                for code in found["wanted"]:
                    is_taken = self._holder(code) is not None
                    errors = [{"code": "TAKEN", "message": ALREADY_TAKEN}] if is_taken else []
                    found["codes"].append({"code": code, "errors": errors})
                    if not is_taken:
                        self.have_code(found["discount"], code)
        for at, discount_id, ids in self.jobs.values():
            if self.clock() >= at:
                for gid in ids:
                    self.discounts[discount_id]["codes"].pop(gid, None)
