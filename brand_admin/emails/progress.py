"""How far a campaign is, in figures and words for its pages."""

from __future__ import annotations

from dataclasses import dataclass

from notifications.models import Campaign, CampaignState
from notifications.selectors import Counts, counts_of


@dataclass(frozen=True, slots=True)
class Progress:
    """`tone` and `word` are for the campaign's badge."""

    campaign: Campaign
    counts: Counts

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


def progress_of(campaign: Campaign) -> Progress:
    return Progress(campaign, counts_of([campaign.pk])[campaign.pk])
