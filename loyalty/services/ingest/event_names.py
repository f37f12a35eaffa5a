"""What shops and their tools call the things that customers do, and the one name that is kept for each."""

from loyalty.models import Interaction

Type = Interaction.Type
# From the vocabularies of the tools that shops use most, and in plain words.
OTHER_WORDS: dict[Type, tuple[str, ...]] = {
    Type.PAGE_VIEWED: ("page view", "page", "screen", "screen view", "screen viewed", "visit"),
    Type.PRODUCT_LIST_VIEWED: (
        "view item list",
        "category viewed",
        "category view",
        "collection viewed",
        "view category",
    ),
    Type.PRODUCT_VIEWED: ("view item", "product view", "view product", "item viewed", "viewed product", "product page"),
    Type.PRODUCT_ADDED: ("add to cart", "added to cart", "cart add", "add to basket", "product added to cart"),
    Type.PRODUCT_REMOVED: ("remove from cart", "removed from cart", "cart remove", "remove from basket"),
    Type.PRODUCT_ADDED_TO_WISHLIST: ("add to wishlist", "wishlist", "favourite", "favorite", "added to wishlist"),
    Type.CART_VIEWED: ("view cart", "cart view", "cart", "basket viewed", "basket"),
    Type.CART_ABANDONED: ("abandoned cart", "checkout abandoned", "abandoned checkout", "basket abandoned"),
    Type.CHECKOUT_STARTED: ("begin checkout", "checkout", "started checkout", "initiate checkout"),
    Type.ORDER_COMPLETED: ("purchase", "order", "placed order", "order placed", "transaction", "order paid"),
    Type.ORDER_REFUNDED: ("refund", "return", "order returned", "refunded order"),
    Type.PRODUCTS_SEARCHED: ("search", "view search results", "searched", "site search", "query", "search query"),
    Type.PRODUCT_REVIEWED: ("review", "reviewed", "rating", "submitted review"),
    Type.EMAIL_OPENED: ("open", "email open", "opened email", "mail opened"),
    Type.EMAIL_LINK_CLICKED: ("click", "email click", "clicked email", "email clicked", "mail clicked"),
    Type.UNSUBSCRIBED: ("unsubscribe", "email unsubscribed", "opt out"),
    Type.PROMOTION_VIEWED: ("view promotion", "banner viewed", "promotion view"),
    Type.PROMOTION_CLICKED: ("select promotion", "banner clicked", "promotion click"),
    Type.STORE_VISITED: ("store visit", "shop visit", "visited store", "check in", "footfall"),
    Type.RESERVATION_MADE: ("reservation", "booking", "booked", "reserve", "click and collect"),
    Type.REQUEST_SENT: ("request", "enquiry", "inquiry", "generate lead", "contact form", "support request", "ticket"),
    Type.MEETING_HELD: ("meeting", "appointment", "consultation", "demo"),
    Type.CALL_HELD: ("call", "phone call", "telephone", "phone"),
    Type.SURVEY_ANSWERED: ("survey", "survey answer", "survey response", "nps", "poll answered", "answered survey"),
}
KNOWN = {word: kept.value for kept in Type for word in (kept.value, *OTHER_WORDS[kept])}
