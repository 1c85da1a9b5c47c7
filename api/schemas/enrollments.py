"""Members in offers, their codes, links and clicks, as they are shown and sent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.ids import ClickId, CodeId, EnrollmentId, LinkId, MemberId, OfferId, asked_id
from api.schemas.members import Members, MemberShown
from api.schemas.offers import OfferShown
from api.schemas.parts import Asked, AskedWholePage, Moment, MomentShown, NoNul, Sent, Shown
from background.running import MAX_ROWS_RUN_AT_ONCE
from core.public_ids import IdKind
from tracking.models import MAX_LABEL

Enrollments = Annotated[list[EnrollmentId], Field(min_length=1, max_length=MAX_ROWS_RUN_AT_ONCE)]
Use = Literal["active", "inactive"]


class EnrollmentShown(Shown):
    """A member in an offer, with the code and the link that they share now."""

    id: EnrollmentId
    member: MemberId | MemberShown
    offer: OfferId | OfferShown
    status: Literal["active", "inactive", "removed"]
    joined_at: MomentShown
    away_since: MomentShown | None = Field(description="Since when nothing counts for them.")
    code: str | None
    link: str | None


class AskedEnrollments(AskedWholePage):
    member: str = asked_id(IdKind.MEMBER)
    offer: str = asked_id(IdKind.OFFER)
    status: Literal["", "active", "inactive", "removed"] = ""


class AskedEnrollment(Asked):
    pass


class NewEnrollments(Sent):
    """With `with_items`, each gets a code and a link, as the offer's kind says."""

    offer: OfferId
    members: Members
    with_items: bool = True


class EnrollmentsShown(Shown):
    data: list[EnrollmentShown]


class ChosenEnrollments(Sent):
    enrollments: Enrollments


class NotChanged(Shown):
    """An enrollment that stays as it was, or has something to know of, and why."""

    enrollment: EnrollmentId
    why: str


class ChangedEnrollments(Shown):
    """`unchanged` were so already, `skipped` stay as they are, `notes` tell what else happened."""

    changed: int
    unchanged: int
    skipped: list[NotChanged]
    notes: list[NotChanged]


class DashboardLink(Shown):
    """A link that opens the member's dashboard without a login: keep it from others."""

    enrollment: EnrollmentId
    url: str


class CodeShown(Shown):
    """A code of a member. After it ended, another member can get the same code, by another id.

    An `inactive` code whose `ended_at` is still to come was replaced with grace: until then orders
    with it are credited.
    """

    id: CodeId
    enrollment: EnrollmentId | EnrollmentShown
    code: str
    status: Use
    created_at: MomentShown
    ended_at: MomentShown | None


class AskedCodes(AskedWholePage):
    enrollment: str = asked_id(IdKind.ENROLLMENT)
    code: str = Field("", max_length=60, description="The whole code, in any case.")
    status: Use | Literal[""] = ""


class AskedCode(Asked):
    pass


class CodeChange(Sent):
    """Another end of a code that was replaced and still works, at most 60 days from now.

    Orders from before the end stay credited.
    """

    ended_at: Moment | None = Field(description="Null ends the code at once.")


class NewCode(Sent):
    enrollment: EnrollmentId
    code: Annotated[str, NoNul, Field(max_length=60)] | None = Field(
        None, description="Without one, the next free code of the offer's naming pattern."
    )


class NewCodes(Sent):
    """Each code takes the place of the one that its member has: all of them or none.

    `may_reuse` are those of the codes that somebody else had before: say that you know.
    """

    codes: Annotated[list[NewCode], Field(min_length=1, max_length=MAX_ROWS_RUN_AT_ONCE)]
    may_reuse: Annotated[list[str], Field(max_length=MAX_ROWS_RUN_AT_ONCE)] = []


class CodesShown(Shown):
    """The codes that were given. One that the member has already is not among them."""

    data: list[CodeShown]


class LinkShown(Shown):
    """A tracking link. A `destination_url` of null is the offer's own; others are deep links."""

    id: LinkId
    enrollment: EnrollmentId | EnrollmentShown
    url: str
    slug: str
    label: str
    destination_url: str | None
    status: Use
    created_at: MomentShown
    ended_at: MomentShown | None


class AskedLinks(AskedWholePage):
    enrollment: str = asked_id(IdKind.ENROLLMENT)
    status: Use | Literal[""] = ""


class AskedLink(Asked):
    pass


class NewLinks(Sent):
    """A tracking link for each that has none, or one deep link for each with `destination_url`."""

    enrollments: Enrollments
    destination_url: Annotated[str, NoNul, Field(min_length=8, max_length=2_000)] | None = None

    label: Annotated[str, NoNul, Field(max_length=MAX_LABEL)] = Field(
        "", description="To tell it apart by, such as the name of a video."
    )
    slug: Annotated[str, NoNul, Field(max_length=200)] = Field(
        "", description="The end of the address, for one enrollment: 3 to 40 letters and digits."
    )


class LinkChange(Sent):
    """Another label or another slug. What is left out stays; earlier slugs go on leading there."""

    label: Annotated[str, NoNul, Field(max_length=MAX_LABEL)] | None = None
    slug: Annotated[str, NoNul, Field(max_length=200)] | None = None


class LinksShown(Shown):
    """The links that are new. With `destination_url`, the one of each enrollment, new or not."""

    data: list[LinkShown]


class ClickShown(Shown):
    """A shopper followed a link. One by a robot is not counted."""

    id: ClickId
    link: LinkId
    enrollment: EnrollmentId | EnrollmentShown
    clicked_at: MomentShown
    counted: bool
    kind: str
    referrer_host: str
    sub1: str
    sub2: str
    sub3: str
    sub4: str
    sub5: str
    country: str
    device: str


class AskedClicks(AskedWholePage):
    enrollment: str = asked_id(IdKind.ENROLLMENT)


class AskedClick(Asked):
    pass
