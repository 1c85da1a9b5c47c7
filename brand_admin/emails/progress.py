"""The progress of a campaign, in numbers and words for its pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from notifications.models import Campaign, CampaignState
from notifications.rendering import VARIABLES
from notifications.selectors import Counts, counts_of

_VARIABLE = re.compile(r"\{\{ (\w+)(?: \| [^{}]*)? \}\}")


def in_words(subject: str, known: Mapping[str, str]) -> str:
    """The subject with `known` values filled in, and the other variables shown by their labels."""
    return _VARIABLE.sub(
        lambda found: known.get(found[1]) or f"[{VARIABLES[found[1]].label.lower()}]", subject
    )


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """`tone` and `word` are for the campaign's badge."""

    campaign: Campaign
    counts: Counts
    brand_name: str

    @property
    def subject(self) -> str:
        """The subject with brand and offer filled in, the other variables by their labels."""
        known = {"brand_name": self.brand_name, "offer_name": self.campaign.title}
        return in_words(self.campaign.subject, known)

    @property
    def is_live(self) -> bool:
        """Whether the page should refresh, because mails are still being sent."""
        return self.campaign.state == CampaignState.SENDING

    @property
    def word(self) -> str:
        return CampaignState(self.campaign.state).label

    @property
    def tone(self) -> str:
        if self.campaign.state == CampaignState.SENDING:
            return "wait"
        troubled = self.counts.failed or self.counts.unknown
        done_well = self.campaign.state == CampaignState.DONE and not troubled
        return "good" if done_well else "wait" if troubled else "neutral"


def progress_of(campaign: Campaign, *, brand_name: str) -> CampaignProgress:
    return CampaignProgress(campaign, counts_of([campaign.pk])[campaign.pk], brand_name)
