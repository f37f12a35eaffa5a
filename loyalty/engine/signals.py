"""What customers did, read as signs of what they like: what they kept, picked, passed over and put back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loyalty.engine.rhythm import Flags, Floats, Ints

# Seconds since 1970 stay below this until the year 2106, so a pair and a moment fit in one sortable number.
MOMENTS = 1 << 32
# Somebody who looks and then pays does so within the hour.
PAYING_SECONDS = 3600
UNNAMED = -1


@dataclass(frozen=True)
class Events:
    """Things that customers did with products, in any order, shape (n,) each.

    Attributes
    ----------
    customer, product : ndarray of int64
    at : ndarray of int64
        Seconds since 1970.
    key : ndarray of int64
        The order or the interaction that says so.
    """

    customer: Ints
    product: Ints
    at: Ints
    key: Ints

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, rows: Ints | Flags) -> Events:
        return Events(self.customer[rows], self.product[rows], self.at[rows], self.key[rows])


def pair_codes(*parts: Events) -> list[Ints]:
    """Number the pairs of customer and product from 0 on, alike in all parts; shape (n,) for each part."""
    customers = np.concatenate([part.customer for part in parts])
    products = np.concatenate([part.product for part in parts])
    names, product = np.unique(products, return_inverse=True)
    _, customer = np.unique(customers, return_inverse=True)
    codes = customer.astype(np.int64) * max(len(names), 1) + product
    return np.split(codes, np.cumsum([len(part) for part in parts])[:-1])


def kept_shares(bought: Events, quantity: Floats, returned: Events, amount: Floats, of_order: Ints) -> Floats:
    """Return the share of each purchase that did not come back, shape (n_bought,), between 0 and 1.

    Parameters
    ----------
    bought, returned : Events
    quantity, amount : ndarray of float64
        How much was bought, shape (n_bought,), and how much came back, shape (n_returned,); both positive.
    of_order : ndarray of int64, shape (n_returned,)
        The order that is reversed, or −1 where the return does not say: that comes off the newest purchases before it.
    """
    left = quantity.astype(np.float64)
    pair, pair_back = pair_codes(bought, returned)
    newest_first = np.lexsort((-bought.at, pair))
    begins, ends = (np.searchsorted(pair[newest_first], pair_back, side) for side in ("left", "right"))
    # Returns that name their order come first: they leave the others no choice.
    for row in np.lexsort((returned.at, of_order == UNNAMED)):
        back = amount[row]
        for purchase in newest_first[begins[row] : ends[row]]:
            if back > 0 and _is_of(bought, purchase, returned.at[row], of_order[row]):
                taken = min(back, left[purchase])
                left[purchase] -= taken
                back -= taken
    shares: Floats = left / quantity
    return shares


def _is_of(bought: Events, purchase: int, returned_at: int, of_order: int) -> bool:
    if of_order == UNNAMED:
        return bool(bought.at[purchase] <= returned_at)
    return bool(bought.key[purchase] == of_order)


def bought_afterwards(events: Events, bought: Events) -> Flags:
    """Whether the customer bought the product at that moment or later, shape (n_events,)."""
    pair, pair_bought = pair_codes(events, bought)
    newest = np.full(max(pair.max(initial=-1), pair_bought.max(initial=-1)) + 1, -1, dtype=np.int64)
    np.maximum.at(newest, pair_bought, bought.at)
    after: Flags = newest[pair] >= events.at
    return after


def picked_and_passed(views: Events, session: Ints, category: Ints, bought: Events) -> tuple[Events, Events]:
    """Of several products of a category looked at in one session: those bought then, and those passed over.

    Parameters
    ----------
    views : Events
    session, category : ndarray of int64, shape (n_views,)
        Codes; one session is of one customer.
    bought : Events
        Purchases that were kept. One belongs to a session until an hour after the session's last view.

    Returns
    -------
    picked, passed : Events
        One event a session and product, at the last look. Sessions in which nothing of the category was bought, or
        only one product of it was looked at, say nothing.
    """
    if not len(views):
        return views, views
    group = np.unique(np.stack([session, category]), axis=1, return_inverse=True)[1].ravel()
    last_look = np.lexsort((-views.at, views.product, group))
    is_new = np.r_[True, (np.diff(group[last_look]) != 0) | (np.diff(views.product[last_look]) != 0)]
    rows = last_look[is_new]
    was_bought = _bought_within(views[rows], *_span(views.at, session, rows), bought)
    choices = group[rows]
    n_seen, n_bought = np.bincount(choices), np.bincount(choices, was_bought)
    says = (n_seen[choices] >= 2) & (n_bought[choices] >= 1)
    return views[rows[says & was_bought]], views[rows[says & ~was_bought]]


def _span(at: Ints, session: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """First and last moment of the session of each of the rows."""
    _, code = np.unique(session, return_inverse=True)
    first, last = np.full(code.max() + 1, MOMENTS), np.zeros(code.max() + 1, np.int64)
    np.minimum.at(first, code, at)
    np.maximum.at(last, code, at)
    return first[code[rows]], last[code[rows]]


def _bought_within(seen: Events, since: Ints, until: Ints, bought: Events) -> Flags:
    pair, pair_bought = pair_codes(seen, bought)
    moments = np.sort(pair_bought * MOMENTS + bought.at)
    first = np.searchsorted(moments, pair * MOMENTS + since)
    beyond = np.searchsorted(moments, pair * MOMENTS + until + PAYING_SECONDS, side="right")
    found: Flags = beyond > first
    return found
