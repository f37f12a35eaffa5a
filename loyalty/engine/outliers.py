"""What is far from the usual: single lines beside the other lines of their product, customers beside all customers.

Quantities, prices and spending are multiplied, not added, so everything is judged on logarithms.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loyalty.engine.groups import Floats, Integers, group_counts, group_spread

# Of a product with fewer lines nobody can say what is usual.
MIN_LINES = 10
# A line is flagged beyond this many robust standard deviations. Iglewicz and Hoaglin (1993) say 3.5 for normal data;
# the logarithms of real quantities have heavier tails: at 3.5, 0.8 % of a gift shop's lines were flagged, at 5 0.2 %.
LIMIT_SD = 5.0
# Most lines of many products are exactly alike, and their spread is 0: then a factor of e^(5 x floor) still is usual,
# 20 times as many pieces, and 7 times the price or a 7th of it.
QUANTITY_FLOOR = 0.6
PRICE_FLOOR = 0.4
# Pairs grow with the square; so many customers give the fence to within a few percent.
MEDCOUPLE_SAMPLE = 2_000
MIN_CUSTOMERS = 30
# Where all customers are nearly alike, the fence is close; thrice the usual is the least that is called unusual.
LEAST_FACTOR = 3.0


@dataclass(frozen=True)
class Outliers:
    """Rows beyond their limit: `row` the place in what was given, `value` and `limit` in its own unit, all `(n,)`."""

    row: Integers
    value: Floats
    limit: Floats


def outlying_quantities(product_row: Integers, quantity: Floats, n_products: int) -> Outliers:
    """Find lines of far more pieces than the product is usually bought in.

    Parameters
    ----------
    product_row : (n,) int, 0 to `n_products` - 1
    quantity : (n,) float; lines of 0 or less are returns and corrections, they are neither judged nor learnt from
    """
    return _beyond(product_row, quantity, n_products, QUANTITY_FLOOR, above_only=True)


def outlying_prices(product_row: Integers, quantity: Floats, amount: Floats, n_products: int) -> Outliers:
    """Find lines whose price of one piece is far from what the product usually costs, either way.

    Parameters
    ----------
    amount : (n,) float, money paid for the whole line; what was given away is not judged
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        price = np.where(quantity > 0, amount / quantity, 0.0)
    return _beyond(product_row, price, n_products, PRICE_FLOOR, above_only=False)


def _beyond(group: Integers, values: Floats, n_groups: int, floor: float, *, above_only: bool) -> Outliers:
    usable = np.flatnonzero(values > 0)
    group, logs = group[usable], np.log(values[usable])
    spread = group_spread(group, logs, n_groups)
    reach = LIMIT_SD * np.maximum(spread.scale, floor)
    reach[group_counts(group, np.ones(len(group), dtype=bool), n_groups) < MIN_LINES] = np.inf
    distance = logs - spread.centre[group]
    is_far = (distance if above_only else np.abs(distance)) > reach[group]
    far = np.flatnonzero(is_far)
    limit = np.exp(spread.centre[group[far]] + np.sign(distance[far]) * reach[group[far]])
    return Outliers(usable[far], values[usable[far]], limit)


def medcouple(values: Floats) -> float:
    """Return the medcouple, a robust measure of skewness between -1 and 1 (Brys, Hubert and Struyf 2004).

    Parameters
    ----------
    values : (n,) float; memory grows with n², so give it a sample of a large set
    """
    centred = np.sort(values) - np.median(values)
    low, high = centred[centred <= 0], centred[centred >= 0]
    sums = high[:, None] - low[None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        kernel = (high[:, None] + low[None, :]) / sums
    # Values equal to the median form pairs 0/0. Leaving those pairs out is the limit of values that only nearly tie.
    kernel = kernel[sums > 0]
    return float(np.median(kernel)) if kernel.size else 0.0


def upper_fence(values: Floats, *, rng: np.random.Generator) -> float:
    """Return the upper fence of the boxplot adjusted for skewness (Hubert and Vandervieren 2008).

    For normal data 0.35 % of the values lie above it, and about as many when the distribution is skewed.
    """
    sample = values if len(values) <= MEDCOUPLE_SAMPLE else rng.choice(values, MEDCOUPLE_SAMPLE, replace=False)
    skew = medcouple(sample)
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high + 1.5 * np.exp((3 if skew >= 0 else 4) * skew) * (high - low))


def unusual_customers(units_an_order: Floats, spend_an_order: Floats, *, rng: np.random.Generator) -> Outliers:
    """Find customers who buy like a reseller: by far more pieces an order than others, for by far more money.

    Parameters
    ----------
    units_an_order : (n,) float, the median over the customer's orders: one slip of the keyboard makes no wholesaler
    spend_an_order : (n,) float, the same of money

    Returns
    -------
    Outliers with `value` and `limit` in pieces an order. Nobody, when fewer than 30 customers can be compared.
    """
    usable: NDArray[np.int64] = np.flatnonzero((units_an_order > 0) & (spend_an_order > 0))
    if len(usable) < MIN_CUSTOMERS:
        return Outliers(usable[:0], np.empty(0), np.empty(0))
    units, spend = np.log(units_an_order[usable]), np.log(spend_an_order[usable])
    fence, spend_fence = (
        max(upper_fence(logs, rng=rng), float(np.median(logs)) + np.log(LEAST_FACTOR)) for logs in (units, spend)
    )
    far = np.flatnonzero((units > fence) & (spend > spend_fence))
    return Outliers(usable[far], units_an_order[usable[far]], np.full(len(far), np.exp(fence)))
