"""The ids of rows, as they are shown and sent: see core.public_ids."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from core.public_ids import PATTERN, IdKind


def _of(kind: IdKind) -> Any:
    return Field(pattern=f"^{kind.value}_{PATTERN}$")


def asked_id(kind: IdKind, *words: str, description: str = "") -> Any:
    """A filter that takes an id, or one of `words`. The view names what is no id of a row."""
    may = "|".join([f"{kind.value}_{PATTERN}", *words])
    return Field(
        "",
        max_length=40,
        description=description or None,
        json_schema_extra={"pattern": f"^({may})?$"},
    )


MemberId = Annotated[str, _of(IdKind.MEMBER)]
OfferId = Annotated[str, _of(IdKind.OFFER)]
TermsId = Annotated[str, _of(IdKind.TERMS)]
EnrollmentId = Annotated[str, _of(IdKind.ENROLLMENT)]
CodeId = Annotated[str, _of(IdKind.CODE)]
LinkId = Annotated[str, _of(IdKind.LINK)]
LinkDomainId = Annotated[str, _of(IdKind.LINK_DOMAIN)]
OrderId = Annotated[str, _of(IdKind.ORDER)]
RevisionId = Annotated[str, _of(IdKind.REVISION)]
RefundId = Annotated[str, _of(IdKind.REFUND)]
ClickId = Annotated[str, _of(IdKind.CLICK)]
ConversionId = Annotated[str, _of(IdKind.CONVERSION)]
QuestionId = Annotated[str, _of(IdKind.QUESTION)]
FlagId = Annotated[str, _of(IdKind.FLAG)]
PayoutId = Annotated[str, _of(IdKind.PAYOUT)]
RunId = Annotated[str, _of(IdKind.RUN)]
EndpointId = Annotated[str, _of(IdKind.ENDPOINT)]
DeliveryId = Annotated[str, _of(IdKind.DELIVERY)]
CampaignId = Annotated[str, _of(IdKind.CAMPAIGN)]
MessageId = Annotated[str, _of(IdKind.MESSAGE)]
