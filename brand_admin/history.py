"""Turn entries of the audit log into sentences, for every page that shows a history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import AuditEntry, Role
from core.references import Reference
from core.templatetags.display import moment

WORDS = {
    "address.allowed": "allowed mails to the address again",
    "address.erased": "erased the address, and stopped mails to it",
    "address.suppressed": "stopped mails to the address",
    "api_key.changed": "changed where a publishable key works, and whether its orders count",
    "api_key.created": "made the API key {label}",
    "api_key.revoked": "revoked an API key",
    "brand.changed": "changed the brand's settings",
    "brand.notices_chosen": "chose which mails members get automatically",
    "brand.logo_removed": "removed the brand's logo",
    "brand.logo_set": "set the brand's logo",
    "brand.created": "created the brand",
    "brand.second_factor_no_longer_required": "stopped requiring a second factor of all staff",
    "brand.second_factor_required": "required a second factor of all staff",
    "campaign.cancelled": "cancelled the campaign",
    "campaign.confirmed": "confirmed the campaign",
    "campaign.paused": "paused the campaign",
    "campaign.sending": "resumed the campaign",
    "code.given": "gave the code {code}",
    "codes.kept_in_step": "kept the codes of {offer} in step with {connection}",
    "codes.not_kept_in_step": "stopped keeping codes in step, and ended them in the shop",
    "codes.to_end": "had codes ended in the shop: {codes}",
    "codes.to_make": "had codes made in the shop: {codes}",
    "columns.chosen": "chose the columns of files with {kind}",
    "connection.credentials_changed": "entered new credentials of the shop",
    "connection.disconnected": "disconnected the shop {store}",
    "connection.made": "connected the shop {store}",
    "connection.made_again": "connected the shop {store} again",
    "connection.refused": "was refused access by the shop: {problem}",
    "connection.renamed": "renamed the connection from {before} to {name}",
    "connection.secret_rotated": "changed what the shop signs with",  # pragma: allowlist secret
    "connection.subscribed": "had the shop send its orders",
    "connection.tested": "sent a test order with the code {code}",
    "connection.uninstalled": "was removed in the shop {store}",
    "connection.webhooks_left": "could not remove the webhooks in the shop: {reason}",
    "conversion.accepted": "accepted the conversion",
    "conversion.shared": "set the share of the order {order_id} to {share}: {reason}",
    "conversion.added_by_hand": "credited the order {order_id} by hand: {reason}",
    "conversion.rejected": "rejected the conversion: {reason}",
    "code.grace_changed": "moved the end of the code {code} from {worked_until} to {works_until}",
    "code.grace_ended": "ended the replaced code {code} before {worked_until}",
    "code.replaced": "replaced the code {code} by {new_code}",
    "data_request.answered": "marked a shopper's data request as answered",
    "dashboard_link.renewed": "revoked the dashboard link and made a new one",
    "enrollment.joined": "added the member to the offer",
    "enrollment.status_set": "set the member from {before} to {after}",
    "event.replayed": "had deliveries of the shop worked on again",
    "flag.cleared": "cleared a flag ({kind}): {reason}",
    "flag.raised": "flagged the sale ({kind})",
    "flag.rejected": "rejected the sale for a flag ({kind}): {reason}",
    "flag_settings.changed": "changed the settings of flags",
    "invitation.accepted": "accepted the invitation",
    "invitation.made": "invited {email} as {role}",
    "invitation.sent_again": "sent the invitation of {email} again",
    "invitation.withdrawn": "withdrew the invitation of {email}",
    "items.deactivated": "deactivated the code and the link",
    "ledger.adjusted": "posted an adjustment: {note}",
    "ledger.written_off": "wrote off what was paid too much: {note}",
    "leaked_code.dismissed": "noted that the code did not leak: {reason}",
    "leaked_code.replaced": "replaced the leaked code: {reason}",
    "link.given": "gave a tracking link",
    "link.labelled": "changed the label of a link",
    "link.slug_chosen": "changed the end of a link from {before} to {slug}",
    "link_domain.added": "added the link domain {host}",
    "link_domain.broke": "found that the link domain {host} stopped working: {problem}",
    "link_domain.chosen": "had links shown with {host}",
    "link_domain.not_chosen": "stopped showing links with {host}",
    "link_domain.removed": "removed the link domain {host}",
    "link_domain.taken": "lost the link domain {host}, which another brand proved to be theirs",
    "link_domain.works": "found that the link domain {host} works",
    "login.activated": "activated the login of {email} again",
    "login.deactivated": "deactivated the login of {email}",
    "login.reset_sent": "mailed {email} a link to set a password",
    "login.second_factor_removed": "removed the second factor of {email}",
    "login.sessions_ended": "ended every session of {email}",
    "login.done": "logged in with {ways}",
    "login.failures": "failed to log in {times}: {reason}",
    "member.added": "added the member",
    "member.changed": "changed the member: {changed}",
    "member.erased": "was deleted at their own request",
    "member.note_added": "wrote a note about the member",
    "member.note_deleted": "deleted a note about the member",
    "member.noted": "added tags or handles from a file",
    "member.owner_set": "set the member's owner to {owner}",
    "member.payout_details_changed": "changed their payout details",
    "member.payout_details_released": "shared their payout details with this brand",
    "member.payout_details_taken_back": "stopped sharing their payout details",
    "member.tagged": "added the tag {tag}",
    "member.untagged": "removed the tag {tag}",
    "offer.changed": "changed the offer: {changed}",
    "offer.created": "created the offer {name}",
    "offer.flag_hold_changed": "changed which flags hold sales for review: {kinds}",
    "offer.image_removed": "removed the offer's image",
    "offer.image_set": "set the offer's image",
    "offer.status_set": "set the offer from {before} to {after}",
    "order.credited": "credited the order {order_id} to a member: {why}",
    "order.recorded": "recorded the order {order_id}",
    "order.revised": "changed the order {order_id}: statement {revision}",
    "password.changed": "changed their password, which ended {ended} other sessions",
    "password.reset": "set a new password by a mailed link, which ended {ended} sessions",
    "payout.cancelled": "cancelled the payment: {reason}",
    "payout.failed": "marked the payment failed: {reason}",
    "payout.paid": "marked the payment paid",
    "payout.recorded": "recorded the payment",
    "payout_run.cancelled": "cancelled what was on the way: {reason}",
    "payout_run.confirmed": "confirmed the payout run",
    "payout_run.discarded": "discarded the draft of the payout run",
    "payout_run.drafted": "drafted the payout run",
    "payout_run.file_made": "made the file for {whom}",
    "payout_run.failed": "marked what was on the way failed: {reason}",
    "payout_run.paid": "marked the payout run paid",
    "payout_run.redrafted": "drafted the payout run again",
    "project.created": "created the project",
    "project.members_added": "added members to the project",
    "project.offer_set": "set up the project's offer",
    "question.asked": "asked about the order {order_reference}",
    "question.attributed": "answered by crediting the order {order_reference}: {answer}",
    "question.explained": "explained the order {order_reference}: {answer}",
    "question.refused": "refused the order {order_reference}: {answer}",
    "recovery_codes.made": "made new recovery codes",
    "recovery_codes.viewed": "looked at their recovery codes",
    "refund.recorded": "recorded the refund {refund_id}",
    "refund.replaced": "replaced the refund {refund_id}",
    "refund.undone": "took the refund {refund_id} back",
    "operator.made": "made {email} an operator",
    "staff.address_changed": "changed their login from {before} to {email}",
    "rate.set": "set the rate of {rate} to {value}",
    "second_factor.added": "added {factor} to their second factors",
    "second_factor.removed": "removed {factor} from their second factors",
    "sessions.ended": "ended {what} of their own",
    "segment.deleted": "deleted the segment {name}",
    "segment.renamed": "renamed the segment {before} to {name}",
    "segment.saved": "saved the segment {name}",
    "shoppers.forgotten": "forgot the shoppers of {orders} orders at the shop's request",
    "staff.removed": "removed {email} from the staff",
    "staff.role_given": "gave the role {role}",
    "template.changed": "changed the email template {name}",
    "template.deleted": "deleted the email template {name}",
    "template.saved": "saved the email template {name}",
    "terms.superseded": "set new terms",
    "terms.withdrawn": "withdrew version {version} of the terms before it began",
    "test_mode.emptied": "deleted all test data",
    "test_mode.filled": "filled test mode with sample data",
    "test_mode.opened": "opened test mode",
    "webhook.added": "added the endpoint {address}",
    "webhook.changed": "changed the endpoint {address}",
    "webhook.deleted": "deleted the endpoint {address}",
    "webhook.disabled": "disabled the endpoint {address}: {reason}",
    "webhook.secret_rotated": "made a new secret for {address}",  # pragma: allowlist secret
    "webhook.sent_again": "sent {number} deliveries to {address} again",
    "webhook.tested": "sent a test to {address}",
    "webhook.turned_off": "turned the endpoint {address} off",
    "webhook.turned_on": "turned the endpoint {address} on",
    "work.asked": "started {title}",
}


THINGS = {
    "columnmapping": "columns of files",
    "datarequest": "data request",
    "offerdiscount": "discount in a shop",
    "apikey": "API key",  # pragma: allowlist secret
    "emailtemplate": "email template",
    "exchangerate": "exchange rate",
    "ledgerentry": "ledger entry",
    "payout": "payment",
    "payoutrun": "payout run",
    "promocode": "promo code",
    "trackinglink": "tracking link",
}


PAGES = {  # the page of each kind of object, by the name that the log uses for it
    "campaign": "brand_admin:campaign",
    "connection": "brand_admin:connection",
    "conversion": "brand_admin:conversion",
    "member": "brand_admin:member",
    "offer": "brand_admin:offer",
    "payout": "brand_admin:payment",
    "payoutrun": "brand_admin:payment_run",
    "project": "brand_admin:project",
    "endpoint": "brand_admin:webhook",
    "question": "brand_admin:question",
    "work": "brand_admin:work",
}


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One entry in words. `target` is the object ("conversion 12"), `name` what people call it, and
    `page` where it is shown.
    """

    at: datetime
    actor: str
    words: str
    target: str
    page: str
    number: int
    name: str = ""

    @property
    def address(self) -> str:
        """Return the actor's address, which is shown beside the name; "" for none."""
        return self.actor.partition(" <")[2].rstrip(">")


def actions_saying(word: str) -> list[str]:
    """Return the actions whose sentence contains `word`, in upper or lower case."""
    return [action for action, words in WORDS.items() if word.lower() in words.lower()]


def lines(
    entries: Iterable[AuditEntry], names: Mapping[str, str] | None = None
) -> list[HistoryLine]:
    """Return the entries in words, in the same order. `names` are of the objects, by target."""
    return [_line(entry, (names or {}).get(entry.target, "")) for entry in entries]


def _line(entry: AuditEntry, name: str) -> HistoryLine:
    target = Reference(entry.target)
    return HistoryLine(
        at=entry.at,
        actor=entry.actor,
        words=_words(entry),
        target=f"{THINGS.get(target.kind, target.kind)} {target.key}",
        page="" if target.number is None else PAGES.get(target.kind, ""),
        number=target.number or 0,
        name=name,
    )


MOMENTS = {"works_until", "worked_until"}  # details that are times


def _words(entry: AuditEntry) -> str:
    """Return what was done; an action without a sentence is shown by its name."""
    pattern = WORDS.get(entry.action)
    if pattern is None:
        return entry.action.replace("_", " ").replace(".", ": ")
    detail = {name: _shown(name, value) for name, value in entry.detail.items()}
    try:
        return pattern.format_map(detail)
    except KeyError:
        return pattern.partition("{")[0].rstrip(" :")


def _shown(name: str, value: object) -> str:
    if name == "role" and value in Role.values:
        return Role(value).label
    if name in MOMENTS:
        return moment(datetime.fromisoformat(str(value)))
    return str(value)
