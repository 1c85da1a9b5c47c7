"""What the client asks the GraphQL Admin API, version 2026-10.

A connection costs points by the size that is asked for, so lists that are rarely long are fetched
short, and the rest by queries of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "2026-10"


@dataclass(frozen=True, slots=True)
class Query:
    """`name` is the operation's. A change is never sent twice by itself."""

    name: str
    text: str
    is_change: bool = False


MONEY = "{ shopMoney { amount currencyCode } }"
LINE = f"""
  id sku title quantity currentQuantity isGiftCard
  originalUnitPriceSet {MONEY}
  discountAllocations {{ allocatedAmountSet {MONEY} }}
  taxLines {{ priceSet {MONEY} }}
"""
ORDER = f"""
  id name createdAt processedAt updatedAt cancelledAt test
  currencyCode displayFinancialStatus taxesIncluded discountCodes
  customAttributes {{ key value }}
  customerJourneySummary {{ lastVisit {{ landingPage }} firstVisit {{ landingPage }} }}
  customer {{ id }}
  lineItems(first: $lines) {{ nodes {{ {LINE} }} pageInfo {{ hasNextPage endCursor }} }}
  refunds(first: $refunds) {{ id }}
"""

WHO = Query(
    "TributaryWho",
    """query TributaryWho {
  shop { myshopifyDomain currencyCode }
  appInstallation { accessScopes { handle } }
}""",
)
CHANGED_ORDERS = Query(
    "TributaryChangedOrders",
    f"""query TributaryChangedOrders($query: String!, $first: Int!, $after: String, $lines: Int!,
  $refunds: Int!) {{
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{ {ORDER} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}""",
)
ONE_ORDER = Query(
    "TributaryOrder",
    f"""query TributaryOrder($id: ID!, $lines: Int!, $refunds: Int!) {{
  order(id: $id) {{ {ORDER} }}
}}""",
)
MORE_LINES = Query(
    "TributaryMoreLines",
    f"""query TributaryMoreLines($id: ID!, $first: Int!, $after: String) {{
  order(id: $id) {{
    lineItems(first: $first, after: $after) {{
      nodes {{ {LINE} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}""",
)
ALL_REFUNDS = Query(
    "TributaryRefunds",
    """query TributaryRefunds($id: ID!, $refunds: Int!) {
  order(id: $id) { refunds(first: $refunds) { id } }
}""",
)
REFUND = Query(
    "TributaryRefund",
    f"""query TributaryRefund($id: ID!, $first: Int!, $after: String) {{
  refund(id: $id) {{
    id createdAt
    refundLineItems(first: $first, after: $after) {{
      nodes {{ lineItem {{ id }} quantity subtotalSet {MONEY} totalTaxSet {MONEY} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
    orderAdjustments(first: 20) {{ nodes {{ reason amountSet {MONEY} taxAmountSet {MONEY} }} }}
    refundShippingLines(first: 20) {{
      nodes {{ subtotalAmountSet {MONEY} taxAmountSet {MONEY} }}
    }}
    transactions(first: 20) {{ nodes {{ kind status amountSet {MONEY} }} }}
  }}
}}""",
)

SUBSCRIPTIONS = Query(
    "TributarySubscriptions",
    """query TributarySubscriptions($first: Int!, $after: String) {
  webhookSubscriptions(first: $first, after: $after) {
    nodes { id topic uri format }
    pageInfo { hasNextPage endCursor }
  }
}""",
)
SUBSCRIBE = Query(
    "TributarySubscribe",
    """mutation TributarySubscribe($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: { uri: $uri, format: JSON }) {
    webhookSubscription { id }
    userErrors { field message }
  }
}""",
    is_change=True,
)
UNSUBSCRIBE = Query(
    "TributaryUnsubscribe",
    """mutation TributaryUnsubscribe($id: ID!) {
  webhookSubscriptionDelete(id: $id) {
    deletedWebhookSubscriptionId
    userErrors { field message }
  }
}""",
    is_change=True,
)

DISCOUNTS = Query(
    "TributaryDiscounts",
    """query TributaryDiscounts($query: String!, $first: Int!, $after: String) {
  codeDiscountNodes(first: $first, after: $after, query: $query) {
    nodes { id codeDiscount { __typename ... on DiscountCodeBasic { title status } } }
    pageInfo { hasNextPage endCursor }
  }
}""",
)
DISCOUNT_CODES = Query(
    "TributaryDiscountCodes",
    """query TributaryDiscountCodes($id: ID!, $first: Int!, $after: String) {
  codeDiscountNode(id: $id) {
    codeDiscount {
      ... on DiscountCodeBasic {
        codes(first: $first, after: $after) {
          nodes { id code asyncUsageCount }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
  }
}""",
)
MAKE_DISCOUNT = Query(
    "TributaryMakeDiscount",
    """mutation TributaryMakeDiscount($discount: DiscountCodeBasicInput!) {
  discountCodeBasicCreate(basicCodeDiscount: $discount) {
    codeDiscountNode { id }
    userErrors { field code message }
  }
}""",
    is_change=True,
)
ADD_CODES = Query(
    "TributaryAddCodes",
    """mutation TributaryAddCodes($id: ID!, $codes: [DiscountRedeemCodeInput!]!) {
  discountRedeemCodeBulkAdd(discountId: $id, codes: $codes) {
    bulkCreation { id }
    userErrors { field code message }
  }
}""",
    is_change=True,
)
CODES_ADDED = Query(
    "TributaryCodesAdded",
    """query TributaryCodesAdded($id: ID!, $first: Int!) {
  discountRedeemCodeBulkCreation(id: $id) {
    done codesCount importedCount failedCount
    codes(first: $first) { nodes { code errors { code message } } }
  }
}""",
)
REMOVE_CODES = Query(
    "TributaryRemoveCodes",
    """mutation TributaryRemoveCodes($id: ID!, $ids: [ID!]!) {
  discountCodeRedeemCodeBulkDelete(discountId: $id, ids: $ids) {
    job { id done }
    userErrors { field code message }
  }
}""",
    is_change=True,
)
JOB = Query("TributaryJob", "query TributaryJob($id: ID!) { job(id: $id) { id done } }")
