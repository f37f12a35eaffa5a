import numpy as np

from loyalty.engine.measures import measured_products, non_products, product_profiles

PIECES, PACKS, KILOS, FUEL, RARE = range(5)


def shop(rng, n=60):
    """Forty ordinary products, one sold in large packs, one by the kilo, one by thousandths of a gallon, one seldom."""
    product, quantity, price = [], [], []

    def add(number, amounts, each):
        product.extend([number] * len(amounts))
        quantity.extend(amounts)
        price.extend(np.asarray(amounts) * each)

    add(PIECES, rng.integers(1, 5, n), 2.0)
    add(PACKS, rng.choice([48, 96, 144, 288], n), 0.05)
    add(KILOS, np.round(rng.uniform(0.2, 3, n), 3), 4.0)
    add(FUEL, rng.integers(4_000, 20_000, n), 0.0025)
    add(RARE, rng.integers(4_000, 20_000, 3), 0.0025)
    for number in range(5, 45):
        add(number, rng.integers(1, 7, n), rng.uniform(1, 9))
    return np.array(product), np.array(quantity, dtype=float), np.round(np.array(price), 2)


def test_weights_and_litres_are_found_and_packs_are_not():
    for seed in range(5):
        product, quantity, amount = shop(np.random.default_rng(seed))
        profiles = product_profiles(product, quantity, amount, 45)
        found = measured_products(profiles, np.full(45, -1))
        assert found.row.tolist() == [KILOS, FUEL]
        assert found.is_fractional.tolist() == [True, False]
        assert found.price_ratio[1] < 0.01


def test_a_shelf_of_nothing_but_fuel_is_compared_with_the_shop():
    product, quantity, amount = shop(np.random.default_rng(1))
    fuels = np.flatnonzero(product == FUEL)
    more = [(45 + number, quantity[fuels], amount[fuels]) for number in range(12)]
    product = np.r_[product, *[np.full(len(fuels), number) for number, _, _ in more]]
    quantity, amount = np.r_[quantity, *[q for _, q, _ in more]], np.r_[amount, *[a for _, _, a in more]]
    category = np.where((np.arange(57) >= 45) | (np.arange(57) == FUEL), 1, 0)
    found = measured_products(product_profiles(product, quantity, amount, 57), category)
    assert found.row.tolist() == [KILOS, FUEL, *range(45, 57)]


def test_one_slip_with_a_decimal_makes_no_weight():
    quantity = np.array([1.0] * 99 + [1.5])
    profiles = product_profiles(np.zeros(100, dtype=np.int64), quantity, quantity * 2, 1)
    assert not len(measured_products(profiles, np.array([-1])).row)


def non_product_shop():
    """Three hundred products with ordinary codes, and what a till adds to them."""
    skus = [f"{20000 + number}" for number in range(300)] + ["POST", "M", "C2", "DCGSSBOY"]
    names = [f"Tea towel {number}" for number in range(300)] + ["Postage", "Manual", "Carriage", "Boys party bag"]
    rng = np.random.default_rng(0)
    product = np.repeat(np.arange(304), 30)
    amount = np.where(product < 300, 3.0, np.exp(rng.normal(2, 1.5, len(product))))
    amount[product == 303] = 3.29
    return skus, names, product_profiles(product, np.ones(len(product)), amount, 304)


def test_postage_and_corrections_are_found_and_a_party_bag_is_not():
    skus, names, profiles = non_product_shop()
    found = non_products(skus, names, profiles)
    assert [skus[one.row] for one in found] == ["POST", "M", "C2"]
    assert all(one.price_typed_in and one.odd_code and one.word for one in found)


def test_where_codes_of_letters_are_usual_they_say_nothing():
    _, names, profiles = non_product_shop()
    skus = [f"TOWEL-{'ABCDEFGHIJ'[number % 10] * (1 + number // 10)}" for number in range(304)]
    assert [one.odd_code for one in non_products(skus, names, profiles)] == [False, False, False]


def test_no_products_no_findings():
    empty = np.empty(0)
    profiles = product_profiles(np.empty(0, dtype=np.int64), empty, empty, 0)
    assert non_products([], [], profiles) == []
    assert not len(measured_products(profiles, np.empty(0, dtype=np.int64)).row)
