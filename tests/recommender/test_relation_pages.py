import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.urls import reverse

from loyalty.models import AuditEntry, Product
from loyalty.services.staff import CAMPAIGN_MANAGER, MARKETER, ensure_groups
from recommender.models import ProductPlace, ProductRelation, ProductRuling, RelationRuling
from recommender.queries.evidence import sentence
from recommender.queries.relations import relations_of_product
from recommender.services.rulings import RulingInvalid, block_product, pin_product
from recommender.services.stock import replace_what_is_out
from tests.rows import AT, make_product, make_version

pytestmark = pytest.mark.django_db
TOGETHER = {"orders": 90, "other_orders": 80, "orders_together": 12, "orders_expected": 31.2, "alike": 0.7}


@pytest.fixture
def version():
    return make_version(0, alias="champion", purpose="product_relation")


@pytest.fixture
def product(version):
    """Product 0; 1 and 2 stand in for it, 3 goes with it."""
    products = [make_product(number) for number in range(4)]
    moves = {"moves": 7, "moves_back": 1, "price_ratio": 1.5, **TOGETHER}
    for number, kind, evidence in [
        (1, "substitute", moves),
        (2, "substitute", moves),
        (3, "complement", {"lift": 4.04, "lift_low": 2.96, **TOGETHER}),
    ]:
        relate(version, products[0], products[number], kind, 1 - number / 10, evidence)
    return products[0]


def relate(version, product, other, kind="similar", score=0.5, evidence=TOGETHER):
    ProductRelation.objects.create(
        product=product, other=other, kind=kind, score=score, model_version=version, evidence=evidence
    )


def shown(product, kind="substitute"):
    return [one.product.sku for view in relations_of_product(product) if view.kind == kind for one in view.shown]


def log_in(client, group):
    ensure_groups()
    person = get_user_model().objects.create_user("somebody", password="a-long-test-password")
    person.groups.add(Group.objects.get(name=group))
    client.force_login(person)
    return person


def rule(client, product, other, verdict, **more):
    given = {"other": other.pk, "kind": "substitute", "verdict": verdict, **more}
    return client.post(reverse("relation-rule", args=[product.pk]), given, follow=True)


@pytest.mark.parametrize(
    ("kind", "evidence", "told"),
    [
        ("similar", TOGETHER, "Bought in the same company. Of its 80 orders, 12 hold both."),
        (
            "substitute",
            {"moves": 7, "moves_back": 1, "price_ratio": 1.5, **TOGETHER},
            "7 times a customer took it instead the next time, once the other way. 12 hold both, where 31 by chance"
            " would. It costs 50% more.",
        ),
        (
            "complement",
            {"lift": 4.04, "lift_low": 2.96, **TOGETHER},
            "12 orders hold both: 4.0 times as many as by chance, surely at least 3.0 times.",
        ),
        (
            "upsell",
            {"moves": 1, "moves_back": 0, "moves_expected": 0.4, "price_ratio": 1.2, **TOGETHER},
            "Once a customer moved up to it, where 0 by chance would; never the other way. It costs 20% more.",
        ),
        ("similar", {}, ""),
    ],
)
def test_evidence_is_a_sentence(kind, evidence, told):
    assert sentence(kind, evidence) == told


def test_the_page_tells_every_kind_with_its_evidence(client, marketer, product):
    client.force_login(marketer)

    page = client.get(product.get_absolute_url()).content.decode()

    assert "7 times a customer took it instead" in page
    assert "surely at least 3.0 times" in page


def test_a_blocked_relation_is_shown_as_blocked_only_and_can_be_allowed_again(client, product):
    person = log_in(client, MARKETER)
    other = Product.objects.get(sku="p1")

    page = rule(client, product, other, "blocked", reason="Wrong size.").content.decode()

    assert shown(product) == ["p2"]
    assert "Wrong size." in page
    assert RelationRuling.objects.get().by == person
    rule(client, product, other, "lift")
    assert shown(product) == ["p1", "p2"]


def test_a_pinned_relation_comes_first_and_says_who_pinned_it(client, product):
    log_in(client, MARKETER)

    rule(client, product, Product.objects.get(sku="p2"), "pinned", reason="They ask for it.")

    assert shown(product) == ["p2", "p1"]
    assert "Pinned by somebody: They ask for it." in client.get(product.get_absolute_url()).content.decode()


def test_any_product_can_be_pinned_by_its_sku(client, product):
    log_in(client, MARKETER)
    given = {"sku": "p3", "kind": "substitute", "verdict": "pinned"}

    client.post(reverse("relation-rule", args=[product.pk]), given)

    assert shown(product) == ["p3", "p1", "p2"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"sku": "no such", "kind": "similar", "verdict": "pinned"}, "there is no product with this SKU"),
        ({"sku": "p0", "kind": "similar", "verdict": "pinned"}, "to itself"),
        ({"sku": "p1", "kind": "cousin", "verdict": "pinned"}, "choose similar"),
        ({"sku": "p1", "kind": "similar", "verdict": "perhaps"}, "pin or to block"),
        ({"other": "9" * 30, "kind": "similar", "verdict": "pinned"}, "there is no product"),
        ({"sku": "p1", "kind": "similar", "verdict": "pinned", "reason": "a\0b"}, "Reason: remove the unreadable sign"),
    ],
)
def test_a_refusal_says_what_to_do(client, product, given, told):
    log_in(client, MARKETER)

    page = client.post(reverse("relation-rule", args=[product.pk]), given, follow=True).content.decode()

    assert told in page
    assert not RelationRuling.objects.exists()


def test_what_people_say_is_in_the_trail_with_the_reason(client, product):
    log_in(client, CAMPAIGN_MANAGER)
    rule(client, product, Product.objects.get(sku="p1"), "blocked", reason="Wrong size.")
    client.post(reverse("product-rule", args=[product.pk]), {"verdict": "blocked", "reason": "Recalled."})

    told = {one.table: one for one in AuditEntry.objects.all()}
    relation, whole = told["recommender_relationruling"], told["recommender_productruling"]
    assert (relation.actor_name, relation.reason) == ("somebody", "Wrong size.")
    assert (whole.actor_name, whole.reason) == ("somebody", "Recalled.")


def test_a_marketer_may_not_block_a_product_as_a_whole_a_campaign_manager_may(client, product):
    address = reverse("product-rule", args=[product.pk])
    log_in(client, MARKETER)
    assert client.post(address, {"verdict": "blocked"}).status_code == 403
    assert "Never recommend it" not in client.get(product.get_absolute_url()).content.decode()

    get_user_model().objects.get().groups.add(Group.objects.get(name=CAMPAIGN_MANAGER))
    page = client.post(address, {"verdict": "blocked", "reason": "Recalled."}, follow=True).content.decode()

    assert "Never recommended since" in page
    assert "Recalled." in page
    client.post(address, {"verdict": "lift"})
    assert not ProductRuling.objects.exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "Say whether to show it first, never, or as before."),
        ({"verdict": "perhaps"}, "Say whether to show it first, never, or as before."),
        ({"verdict": "blocked", "reason": "a\0b"}, "Reason: remove the unreadable sign."),
        ({"verdict": "blocked", "reason": "x" * 301}, "Reason: keep it to 300 letters."),
        ({"verdict": "pinned"}, "Placement: choose one of"),
    ],
)
def test_a_word_on_the_whole_product_that_makes_no_sense_changes_nothing(client, product, given, told):
    log_in(client, CAMPAIGN_MANAGER)

    page = client.post(reverse("product-rule", args=[product.pk]), given, follow=True).content.decode()

    assert told in page
    assert not ProductRuling.objects.exists()


def test_a_product_is_pinned_where_lists_are_shown_and_nowhere_else(product, marketer):
    with pytest.raises(RulingInvalid, match="Placement: choose one of"):
        pin_product(product=product, placement="the moon", reason="", by=marketer, at=AT)
    block_product(product=product, reason="", by=marketer, at=AT)
    pin_product(product=product, placement="home", reason="", by=marketer, at=AT)

    assert ProductRuling.objects.get().placement == "home"


def test_what_is_out_of_stock_leaves_the_relations_and_the_page_says_what_stands_in(client, marketer, product, version):
    client.force_login(marketer)
    relate(version, Product.objects.get(sku="p3"), Product.objects.get(sku="p2"), "substitute")
    Product.objects.filter(sku="p3").update(stock=0)
    Product.objects.filter(pk=product.pk).update(stock=0)
    replace_what_is_out(AT)

    page = client.get(product.get_absolute_url()).content.decode()

    assert "Out of stock since" in page
    assert "What stood in for it" in page
    assert shown(product, "complement") == ["p2"]
    assert "In the place of Product p3, which is out of stock." in page


def test_more_relations_need_no_more_queries(client, marketer, product, version, django_assert_max_num_queries):
    client.force_login(marketer)
    Product.objects.filter(sku="p1").update(stock=0)
    with django_assert_max_num_queries(60) as few:
        client.get(product.get_absolute_url())
    for number in range(10, 30):
        relate(version, product, make_product(number))

    with django_assert_max_num_queries(len(few)):
        client.get(product.get_absolute_url())


def test_the_map_shows_the_version_in_use(client, marketer, version):
    client.force_login(marketer)
    for number in range(3):
        product = make_product(number)
        ProductPlace.objects.create(model_version=version, product=product, x=0.1, y=number / 3, n_orders=5)

    chart = client.get(reverse("product-map")).context["chart"]

    assert [row[0] for row in chart.table.rows] == ["Product p0", "Product p1", "Product p2"]
    assert [trace.type for trace in chart.figure.data] == ["scatter"]


def test_the_map_before_anything_was_learnt(client, marketer):
    client.force_login(marketer)
    assert "No map yet" in client.get(reverse("product-map")).content.decode()
