"""Turn what services raise into problem details: which field, which code, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest
from pydantic import BaseModel

from affiliates.details import TagError
from affiliates.handles import HandleError
from affiliates.services import MemberError
from api.problems import ApiError, invalid
from core.money import MoneyError
from core.refused import RefusedError
from core.text import sentence
from notifications.services import (
    ConfirmedOtherwiseError,
    PostalAddressMissingError,
    RecipientsError,
)
from offers.terms import OfferError
from tracking.links.items import ItemError
from tracking.links.membership import OwedError
from tracking.links.tracking_links import LinkError
from tracking.orders.facts import FieldProblem
from webhooks.addresses import AddressError

MAX_VERSION_DIGITS = 9
TWO_VERSIONS = (
    "is another version than that of the body: send the one that you read, in one of them"
)
OTHER_VERSION = (
    "It was changed after you read it, and nothing was saved. Read it again, then send your change"
    " with its version."
)
POSTAL_ADDRESS_MISSING = "staff must enter the brand's postal address in Settings first"
# What the services call a field, where a body calls it otherwise.
FIELDS = {"percent": "percent_bp", "text": "answer"}


@contextmanager
def refusing() -> Iterator[None]:
    """Raise ApiError (422) for what a service refuses. A view answers 409, with what is there."""
    try:
        yield
    except (MemberError, OfferError, LinkError, AddressError) as error:
        field = FIELDS.get(error.field, error.field)
        raise invalid([FieldProblem(field or "body", "refused", str(error))]) from error
    except HandleError as error:
        field = f"handles.{error.platform.value}"
        raise invalid([FieldProblem(field, "refused", str(error))]) from error
    except (TagError, MoneyError) as error:
        field = "tag" if isinstance(error, TagError) else "amount"
        raise invalid([FieldProblem(field, "refused", str(error))]) from error
    except (RecipientsError, PostalAddressMissingError) as error:
        raise invalid([_of_mail(error)]) from error
    except ItemError as error:
        raise invalid([_of_item(error)]) from error
    except OwedError as error:
        raise invalid([FieldProblem("enrollment", "is_owed", f"{error}: pay it first")]) from error
    except RefusedError as error:
        raise invalid([FieldProblem(error.field or "body", "refused", str(error))]) from error


def changed_meanwhile(current: BaseModel, message: str = OTHER_VERSION) -> ApiError:
    """Return the 409 error for what is another than the caller saw. `current` is how it is now."""
    return ApiError(409, "changed_meanwhile", sentence(message), more=_shown(current))


def not_possible_now(message: str, *, current: BaseModel) -> ApiError:
    """Return the 409 error for what is in a state in which this can't be done: `current`."""
    return ApiError(409, "not_possible_now", sentence(message), more=_shown(current))


def _shown(current: BaseModel) -> dict[str, Any]:
    return {"current": current.model_dump()}


def seen_version(request: HttpRequest, sent: int | None) -> int | None:
    """Return the version that the caller saw: in the body, or in If-Match (RFC 9110 13.1.1).

    None if they say none. Raises ApiError (422) where the header is no version, or another one than
    the body has.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header or header == "*":
        return sent
    version = header.strip('"')
    if not version.isdecimal() or len(version) > MAX_VERSION_DIGITS:
        raise invalid([FieldProblem("If-Match", "refused", 'must be a version such as "3"')])
    if sent is not None and sent != int(version):
        raise invalid([FieldProblem("If-Match", "refused", TWO_VERSIONS)])
    return int(version)


def _of_item(error: ItemError) -> FieldProblem:
    code = "had_before" if error.had_before else "refused"
    return FieldProblem("code", code, str(error))


def _of_mail(error: Exception) -> FieldProblem:
    if isinstance(error, PostalAddressMissingError):
        return FieldProblem("body", "postal_address_missing", POSTAL_ADDRESS_MISSING)
    field = "confirmation" if isinstance(error, ConfirmedOtherwiseError) else "members"
    return FieldProblem(field, "refused", str(error))
