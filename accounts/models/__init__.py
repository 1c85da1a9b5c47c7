"""Models of users, brands, staff, logins and the audit log; a file per subject."""

from accounts.models.api_keys import EVERY_SCOPE, ApiKey, KeyKind, Scope
from accounts.models.api_requests import KEPT_REQUESTS, MAX_BODY_CHARACTERS, ApiRequest
from accounts.models.audit_log import AuditCount, AuditEntry
from accounts.models.brands import CLICK_MONTHS, Brand, Picture
from accounts.models.codes import (
    MAILED_CODE_STATES,
    UNSETTLED_CODE_STATES,
    CodeCount,
    CodePurpose,
    CodeState,
    MailedCode,
)
from accounts.models.idempotency import MAX_IDEMPOTENCY_NAME, IdempotentRequest
from accounts.models.identity import OperatorAction, UnusedEmailAddress
from accounts.models.outbox import OutboxEntry, OutboxEvent
from accounts.models.sessions import FailureReason, LoginFailure, Session, SessionKind
from accounts.models.staff import Digest, Invitation, InvitationState, ReportEvery, Role, Staff
from accounts.models.users import User, UserManager

__all__ = [
    "CLICK_MONTHS",
    "EVERY_SCOPE",
    "KEPT_REQUESTS",
    "MAILED_CODE_STATES",
    "MAX_BODY_CHARACTERS",
    "MAX_IDEMPOTENCY_NAME",
    "UNSETTLED_CODE_STATES",
    "ApiKey",
    "ApiRequest",
    "AuditCount",
    "AuditEntry",
    "Brand",
    "CodeCount",
    "CodePurpose",
    "CodeState",
    "Digest",
    "FailureReason",
    "IdempotentRequest",
    "Invitation",
    "InvitationState",
    "KeyKind",
    "LoginFailure",
    "MailedCode",
    "OperatorAction",
    "OutboxEntry",
    "OutboxEvent",
    "Picture",
    "ReportEvery",
    "Role",
    "Scope",
    "Session",
    "SessionKind",
    "Staff",
    "UnusedEmailAddress",
    "User",
    "UserManager",
]
