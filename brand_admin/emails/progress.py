"""How far a campaign is, in figures and words for its pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from notifications.models import Campaign, CampaignState
from notifications.rendering import VARIABLES
from notifications.selectors import Counts, counts_of

_VARIABLE = re.compile(r"\{\{ (\w+)(?: \| [^{}]*)? \}\}")


def in_words(subject: str, known: Mapping[str, str]) -> str:
    """The subject with what is `known` put in, and the other variables by their labels."""
    return _VARIABLE.sub(
        lambda found: known.get(found[1]) or f"[{VARIABLES[found[1]].label.lower()}]", subject
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """`tone` and `word` are for the campaign's badge."""

    campaign: Campaign
    counts: Counts
    brand_name: str

    @property
    def subject(self) -> str:
        """The subject as people say it: with the brand and the offer in, others by their names."""
        known = {"brand_name": self.brand_name, "offer_name": self.campaign.title}
        return in_words(self.campaign.subject, known)

    @property
    def is_moving(self) -> bool:
        """Whether looking again in a moment shows something else."""
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


def progress_of(campaign: Campaign, *, brand_name: str) -> Progress:
    return Progress(campaign, counts_of([campaign.pk])[campaign.pk], brand_name)
