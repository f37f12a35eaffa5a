import pytest

from loyalty.models import Category, Product

pytestmark = pytest.mark.django_db
HTTPS = "Give an address that begins with https:// and has no blanks."


def test_a_category_path_makes_the_whole_way(take):
    take("products", "sku,name,category\n1,Ice,Grocery > Frozen > Ice\n2,Peas,Grocery > Frozen\n3,Rope,\n")

    parents = dict(Category.objects.values_list("path", "parent__path"))
    assert parents == {
        "Grocery": None,
        "Grocery > Frozen": "Grocery",
        "Grocery > Frozen > Ice": "Grocery > Frozen",
    }
    assert Product.objects.get(sku="1").category.name == "Ice"
    assert Product.objects.get(sku="3").category is None


def test_a_product_keeps_its_price_to_the_cent_and_the_shop_s_currency(take, settings):
    take("products", "sku,name,price\n1,Ice,1.5\n")

    product = Product.objects.get()
    assert (str(product.price), product.currency) == ("1.50", settings.DEFAULT_CURRENCY)
    assert take("products", "sku,name,price\n1,Ice,1.500\n").counts == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("price", "1,50", "This is not a number. Write it like 12.50, without currency signs."),
        ("price", "$1", "This is not a number. Write it like 12.50, without currency signs."),
        ("price", "-1", "This must be between 0 and 9,999,999,999."),
        ("price", "99999999999", "This must be between 0 and 9,999,999,999."),
        ("stock", "1.5", "This is not a whole number. Write it like 12."),
        ("currency", "usd", "Write the currency as three capital letters, like USD."),
        ("image_url", "http://shop.example.com/1.jpg", HTTPS),
        ("image_url", "javascript:alert(1)", HTTPS),
        ("quantity_unit", "dozen", "Use one of: each, kg, l, other."),
        ("category", "Grocery > > Ice", "Write the category as its way from the top, like Produce > Fruit > Bananas."),
    ],
)
def test_a_faulty_cell_says_what_to_write(take, column, value, reason):
    taken = take("products", f'sku,name,{column}\n1,Ice,"{value}"\n')

    assert taken.refusals == [(2, column, reason)]
    assert not Product.objects.exists()
    assert not Category.objects.exists()


def test_what_the_catalogue_names_later_is_a_placeholder_no_more(take):
    Product.objects.create(sku="9", name="Product 9", currency="USD", is_catalogued=False)

    assert take("products", "sku,name\n9,Nine\n").counts == (0, 1, 0, 0)
    assert Product.objects.get().is_catalogued


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("Food/Tea/Green", "Food > Tea > Green"),
        ("Food | Tea|Green", "Food > Tea > Green"),
        ("Food>Tea>Green", "Food > Tea > Green"),
        ("/Food/Tea/", "Food > Tea"),
        ("Food > Herbs/Spices", "Food > Herbs/Spices"),
        ("Food|Herbs/Spices", "Food > Herbs/Spices"),
    ],
)
def test_a_category_is_understood_whichever_sign_parts_its_steps(take, told, kept):
    rows = f"sku,name,category\n1,Tea,{told}\n"

    assert take("products", rows).counts == (1, 0, 0, 0)
    assert Product.objects.get().category.path == kept
    assert take("products", rows).counts == (0, 0, 1, 0)


@pytest.mark.parametrize(("told", "kept"), [("Pieces", "each"), ("PCS", "each"), ("Kilogram", "kg"), ("litre", "l")])
def test_a_unit_is_understood_by_its_other_names(take, told, kept):
    take("products", f"sku,name,quantity_unit\n1,Tea,{told}\n")

    assert Product.objects.get().quantity_unit == kept
