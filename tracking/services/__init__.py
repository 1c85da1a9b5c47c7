"""Everything that changes what tracking knows."""

from tracking.services.by_hand import AttributionError, attribute_order_by_hand
from tracking.services.clicks import Redirect, follow_link
from tracking.services.conversions import JudgementError, accept_conversions, reject_conversions
from tracking.services.erasure import erase_creator
from tracking.services.items import (
    ItemError,
    deactivate_items,
    generate_items,
    give_codes,
    give_links,
    make_deep_link,
    suggest_codes,
)
from tracking.services.membership import (
    OwedError,
    activate_member,
    add_to_offer,
    deactivate_member,
    remove_from_offer,
)
from tracking.services.orders import record_order, record_orders
from tracking.services.questions import (
    AnswerError,
    QuestionError,
    answer_by_attributing,
    ask_about_order,
    explain_question,
    refuse_question,
)
from tracking.services.refunds import record_refund, record_refunds

__all__ = [
    "AnswerError",
    "AttributionError",
    "ItemError",
    "JudgementError",
    "OwedError",
    "QuestionError",
    "Redirect",
    "accept_conversions",
    "activate_member",
    "add_to_offer",
    "answer_by_attributing",
    "ask_about_order",
    "attribute_order_by_hand",
    "deactivate_items",
    "deactivate_member",
    "erase_creator",
    "explain_question",
    "follow_link",
    "generate_items",
    "give_codes",
    "give_links",
    "make_deep_link",
    "record_order",
    "record_orders",
    "record_refund",
    "record_refunds",
    "refuse_question",
    "reject_conversions",
    "remove_from_offer",
    "suggest_codes",
]
