"""Members and creators."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import Staff, User
from accounts.test_mode_triggers import live_brands_only
from core.tenancy import TenantForeignKey, TenantModel
from core.word_search import index_of_pieces, pieces_of

# A login gives access to a creator's account only if both have the same, proven address.
SAME_PROVEN_ADDRESS = """
IF NEW.user_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM accounts_user
    WHERE id = NEW.user_id AND email_proven_at IS NOT NULL AND lower(email) = lower(NEW.email)
) THEN
    RAISE EXCEPTION 'a creator belongs to the login that has proven the same address';
END IF;
RETURN NEW;
"""
# Checked when the transaction ends: a change of address updates the two rows one by one.
STILL_THE_SAME_ADDRESS = """
IF EXISTS (
    SELECT FROM affiliates_creator AS creator JOIN accounts_user AS login
    ON login.id = creator.user_id
    WHERE creator.user_id = NEW.id AND lower(creator.email) <> lower(login.email)
) THEN
    RAISE EXCEPTION 'a creator and their login have one address';
END IF;
RETURN NULL;
"""


class Creator(models.Model):
    """One person over all brands, identified by their proven email address."""

    email = models.EmailField()
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="creator"
    )
    since = models.DateTimeField(default=timezone.now, editable=False)
    # The language tag of pages and mails ("de", "es-mx"); empty until they have chosen one.
    language = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="affiliates_creator_email")]
        triggers = [
            pgtrigger.Trigger(
                name="affiliates_creator_proven",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("user_id", "email"),
                func=SAME_PROVEN_ADDRESS,
            )
        ]

    def __str__(self) -> str:
        return self.email


class CreatorLogin(User):
    """The user of a creator: their address changes in both tables or in neither."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="affiliates_login_address",
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                operation=pgtrigger.UpdateOf("email"),
                func=STILL_THE_SAME_ADDRESS,
            )
        ]


# What a search for a member looks at.
NAME_FIELDS = ("first_name", "last_name", "email")
NAME_PIECES, NAME_INDEX = pieces_of(*NAME_FIELDS), "affiliates_member_pieces"


class Member(TenantModel):
    """A person in one brand. Without an address they get no mail."""

    creator = models.ForeignKey(
        Creator, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    email = models.EmailField(blank=True)
    first_name = models.CharField(max_length=200, blank=True)
    last_name = models.CharField(max_length=200, blank=True)
    owner = TenantForeignKey(Staff, on_delete=models.SET_NULL, null=True)  # who looks after them
    version = models.PositiveIntegerField(default=1)  # of their details; each change raises it
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    # Whether they are in an offer, active or not. Triggers of enrollments keep it.
    is_enrolled = models.BooleanField(default=False, db_default=False, editable=False)
    deleted_at = models.DateTimeField(
        null=True
    )  # when their personal data was erased, at their request

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                "brand",
                Lower("email"),
                condition=~models.Q(email=""),
                name="affiliates_member_email",
            ),
        ]
        indexes = [
            models.Index(fields=["creator"], name="affiliates_member_creator"),
            models.Index(
                fields=["brand", "last_name", "first_name", "id"], name="affiliates_member_name"
            ),
            models.Index(fields=["brand", "owner"], name="affiliates_member_owner"),
            models.Index(fields=["brand", "-joined_at", "-id"], name="affiliates_member_new"),
            models.Index(
                fields=["brand", "-joined_at", "-id"],
                name="affiliates_member_in_no_offer",
                condition=models.Q(is_enrolled=False),
            ),
            index_of_pieces(NAME_PIECES, name=NAME_INDEX),
        ]
        triggers = [
            live_brands_only(
                "affiliates_member_live_creator",
                what="creators",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("creator_id"),
                condition=pgtrigger.Q(new__creator__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class MemberTag(TenantModel):
    """A label that staff group members by."""

    member = TenantForeignKey(Member)
    tag = models.CharField(max_length=40)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                "brand", "member", Lower("tag"), name="affiliates_member_tag_once"
            ),
        ]
        indexes = [models.Index(fields=["brand", "tag"], name="affiliates_member_tag")]


class Platform(models.TextChoices):
    INSTAGRAM = "instagram", "Instagram"
    TIKTOK = "tiktok", "TikTok"
    YOUTUBE = "youtube", "YouTube"
    TWITCH = "twitch", "Twitch"
    X = "x", "X"
    FACEBOOK = "facebook", "Facebook"
    PINTEREST = "pinterest", "Pinterest"
    WEBSITE = "website", "Website"


class MemberHandle(TenantModel):
    """A member's name on a platform, or the address of their website."""

    member = TenantForeignKey(Member)
    platform = models.CharField(max_length=12, choices=Platform)
    handle = models.CharField(max_length=200)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "member", "platform"], name="affiliates_member_handle_once"
            ),
        ]


class MemberNote(TenantModel):
    """What staff wrote about a member, for each other. The member never sees it."""

    member = TenantForeignKey(Member)
    text = models.CharField(max_length=2_000)
    written_by = models.CharField(max_length=200)
    written_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(text__regex=r"\S"), name="affiliates_member_note_written"
            ),
        ]
        indexes = [
            models.Index(
                fields=["brand", "member", "-written_at", "-id"], name="affiliates_member_notes"
            )
        ]


class Segment(TenantModel):
    """A filter of the list of members, with a name.

    `query` is the filter as it stands in the list's address: "tag=VIP&offer=3". The members are
    found anew each time, so a segment holds those who match now.
    """

    name = models.CharField(max_length=80)
    query = models.CharField(max_length=1_000)
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint("brand", Lower("name"), name="affiliates_segment_name"),
            models.CheckConstraint(
                condition=models.Q(name__regex=r"\S") & ~models.Q(query=""),
                name="affiliates_segment_written",
            ),
        ]

    def __str__(self) -> str:
        return self.name
