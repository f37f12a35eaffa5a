"""Products that are not counted in pieces, and things in the order lines that are no products at all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loyalty.engine.groups import Floats, Integers, group_counts, group_medians, group_modes, group_spread

# Fewer lines than this are no evidence.
MIN_LINES = 5
# Pieces come in whole numbers. A slip is one line in hundreds; a scale writes fractions in nearly every line.
FRACTION_SHARE = 0.05
# Millilitres, grams, thousandths of a gallon: hundreds at a time, hardly two lines alike, and each for next to nothing
# beside the other products. Packs of a gift shop are large too, but repeat (12, 24, 100) and cost something apiece.
MANY_A_LINE = 50
MODE_SHARE = 0.1
PRICE_RATIO = 1 / 20
# Prices that are typed in each time: postage, fees, corrections. A product's own price scatters by 0.1 to 0.3.
TYPED_PRICE_SCALE = 0.45
# In a shop whose codes have digits, one without a digit, or much shorter than the others, names something else. If many
# are like that, it says nothing.
RARE_SHARE = 0.02
SHORT_CODE = 0.5
WORDS = re.compile(
    r"\b(postage|post|porto|versand\w*|shipping|delivery|carriage|carrage|freight|bank charges?|fees?|gebühr|"
    r"commission|bad debt|adjust\w*|manual|discount|rabatt|samples?|surcharge|deposit|pfand|refund)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ProductProfiles:
    """How products are bought, every field `(n_products,)`; quantities count whatever their sign, so returns do, too.

    `fraction_share` is the share (0-1) of lines whose quantity is no whole number, `mode_share` that of the
    quantity bought most often, `price` the median price of one unit and `price_scale` its robust spread in logarithms;
    the last two are NaN for what was never paid for.
    """

    n_lines: Integers
    quantity: Floats
    fraction_share: Floats
    mode_share: Floats
    price: Floats
    price_scale: Floats


def product_profiles(product_row: Integers, quantity: Floats, amount: Floats, n_products: int) -> ProductProfiles:
    """Describe each product by its lines.

    Parameters
    ----------
    product_row : (n,) int, 0 to `n_products` - 1
    quantity, amount : (n,) float, the amount being the money paid for the whole line
    """
    counted = quantity != 0
    group, quantity, amount = product_row[counted], np.abs(quantity[counted]), np.abs(amount[counted])
    n_lines = np.bincount(group, minlength=n_products).astype(np.int64)
    is_paid = amount > 0
    spread = group_spread(group[is_paid], np.log(amount[is_paid] / quantity[is_paid]), n_products)
    with np.errstate(invalid="ignore"):
        fraction_share = group_counts(group, quantity % 1 != 0, n_products) / n_lines
        mode_share = group_modes(group, quantity, n_products) / n_lines
    return ProductProfiles(
        n_lines=n_lines,
        quantity=group_medians(group, quantity, n_products),
        fraction_share=fraction_share,
        mode_share=mode_share,
        price=np.exp(spread.centre),
        price_scale=spread.scale,
    )


@dataclass(frozen=True)
class Measured:
    """Products that are weighed or measured out: `row` of the product, `is_fractional` by decimals, else by size."""

    row: Integers
    is_fractional: NDArray[np.bool_]
    price_ratio: Floats


def measured_products(profiles: ProductProfiles, category_row: Integers) -> Measured:
    """Find products whose quantity is a weight or a volume, from how it is written.

    Parameters
    ----------
    category_row : (n_products,) int, 0 or more, or -1 for a product without a category

    Returns
    -------
    Measured; `price_ratio` is the price of one unit over the usual price in the category, or in the shop where the
    category has fewer than 10 other products or is measured out as a whole.
    """
    judged = profiles.n_lines >= MIN_LINES
    ratio = _price_ratio(profiles, category_row)
    fractional = judged & (profiles.fraction_share >= FRACTION_SHARE)
    with np.errstate(invalid="ignore"):
        scattered = (profiles.mode_share <= MODE_SHARE) | (profiles.mode_share * profiles.n_lines <= 1)
        huge = judged & scattered & (profiles.quantity >= MANY_A_LINE) & (ratio <= PRICE_RATIO)
    found = np.flatnonzero(fractional | huge)
    return Measured(found, fractional[found], ratio[found])


def _price_ratio(profiles: ProductProfiles, category_row: Integers) -> Floats:
    """Compare with the dearer of category and shop: in a category of fuels every fuel is usual."""
    priced = np.flatnonzero(np.isfinite(profiles.price))
    shop = float(np.median(profiles.price[priced])) if len(priced) else np.nan
    usual = np.full(len(profiles.price), shop)
    in_category = priced[category_row[priced] >= 0]
    if len(in_category):
        group = category_row[in_category]
        n_categories = int(category_row.max()) + 1
        medians = group_medians(group, profiles.price[in_category], n_categories)
        medians[np.bincount(group, minlength=n_categories) <= 10] = np.nan
        usual = np.fmax(usual, np.where(category_row >= 0, medians[category_row], np.nan))
    ratio: Floats = profiles.price / usual
    return ratio


@dataclass(frozen=True)
class Evidence:
    """Why something looks like no product; two of the three make a suggestion."""

    row: int
    odd_code: bool
    price_typed_in: bool
    word: str

    @property
    def n_signs(self) -> int:
        return self.odd_code + self.price_typed_in + bool(self.word)


def non_products(skus: Sequence[str], names: Sequence[str], profiles: ProductProfiles) -> list[Evidence]:
    """Find postage, fees and corrections among the products.

    Parameters
    ----------
    skus, names : n_products codes and names

    Returns
    -------
    Evidence for each that shows at least two signs: a code unlike the others, a price that is typed in each time, a
    word that names a charge. A single sign is too little: a party bag may have a code of letters.
    """
    odd = _odd_codes(skus)
    typed_in = (np.nan_to_num(profiles.price_scale) >= TYPED_PRICE_SCALE) & (profiles.n_lines >= MIN_LINES)
    found = []
    for row in np.flatnonzero(odd | typed_in).tolist():
        word = WORDS.search(f"{skus[row]} {names[row]}")
        evidence = Evidence(row, bool(odd[row]), bool(typed_in[row]), word[0] if word else "")
        if evidence.n_signs >= 2:
            found.append(evidence)
    return found


def _odd_codes(skus: Sequence[str]) -> NDArray[np.bool_]:
    """Codes without a digit, and very short ones, each only where that is rare."""
    odd = np.zeros(len(skus), dtype=bool)
    if not len(skus):
        return odd
    lengths = np.array([len(sku) for sku in skus])
    without_digits = np.array([not any(character.isdigit() for character in sku) for sku in skus], dtype=bool)
    for is_odd in (without_digits, lengths < SHORT_CODE * np.median(lengths)):
        if is_odd.mean() <= RARE_SHARE:
            odd |= is_odd
    return odd
