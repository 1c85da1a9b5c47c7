"""When beat starts each task that comes round."""

from __future__ import annotations

from typing import Any

# Seconds between two rounds, and after which one that waits is dropped: nobody catches up.
ROUNDS: dict[str, tuple[float, int]] = {
    "accounts.delete_sessions": (600.0, 600),
    "accounts.tell_login_failures": (60.0, 60),
    "notifications.sweep": (1.0, 10),
    "affiliates.mail_codes": (5.0, 10),
    "brand_admin.sweep_work": (5.0, 10),
    "brand_admin.mail_staff": (60.0, 60),
    "brand_admin.post_digests": (60.0, 60),
    "tracking.send_waiting_items": (60.0, 60),
    "accounts.delete_outbox_entries": (3600.0, 3600),
    "accounts.delete_api_answers": (3600.0, 3600),
    "tracking.fold_sums": (60.0, 60),
    "tracking.check_flags": (2.0, 10),
    "tracking.look_at_recent_days": (3600.0, 3600),
    "tracking.credit_clicks": (300.0, 300),
    "tracking.check_link_domains": (120.0, 120),
    "tracking.credit_late_clicks": (6 * 3600.0, 3600),
    "tracking.keep_ahead": (3600.0, 3600),
    "tracking.delete_old_clicks": (3600.0, 3600),
    "integrations.sweep_events": (5.0, 10),
    "integrations.fill_due": (60.0, 60),
    "integrations.find_silent_shops": (3600.0, 3600),
    "integrations.empty_old_bodies": (3600.0, 3600),
    "notices.sweep": (5.0, 10),
    "notices.summarise_months": (600.0, 600),
    "notices.delete_old": (3600.0, 3600),
    "webhooks.sweep": (1.0, 10),
    "webhooks.tell_owners": (60.0, 60),
    "webhooks.delete_old": (3600.0, 3600),
}
SCHEDULE: dict[str, Any] = {
    task: {"task": task, "schedule": seconds, "options": {"expires": expires}}
    for task, (seconds, expires) in ROUNDS.items()
}
