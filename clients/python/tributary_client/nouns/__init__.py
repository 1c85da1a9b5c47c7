"""All nouns. Written by generate_client.py; changes are lost."""

from tributary_client.nouns.campaigns import Campaigns
from tributary_client.nouns.clicks import Clicks
from tributary_client.nouns.codes import Codes
from tributary_client.nouns.conversions import Conversions
from tributary_client.nouns.enrollments import Enrollments
from tributary_client.nouns.figures import Figures
from tributary_client.nouns.flags import Flags
from tributary_client.nouns.link_domains import LinkDomains
from tributary_client.nouns.links import Links
from tributary_client.nouns.members import Members
from tributary_client.nouns.offers import Offers
from tributary_client.nouns.orders import Orders
from tributary_client.nouns.payout_runs import PayoutRuns
from tributary_client.nouns.payouts import Payouts
from tributary_client.nouns.questions import Questions
from tributary_client.nouns.revisions import Revisions
from tributary_client.nouns.terms import Terms
from tributary_client.nouns.webhooks import Webhooks


class Nouns(
    Campaigns,
    Clicks,
    Codes,
    Conversions,
    Enrollments,
    Figures,
    Flags,
    LinkDomains,
    Links,
    Members,
    Offers,
    Orders,
    PayoutRuns,
    Payouts,
    Questions,
    Revisions,
    Terms,
    Webhooks,
):
    """Every operation."""
