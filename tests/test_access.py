"""Every address of the site times everybody who may ask for it. A route that is not listed here fails."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group
from django.urls import URLPattern, URLResolver, get_resolver

from campaigns.models import Audience, Campaign, IncentivePlan, NewProductSimulation, Offer, Scenario, Simulation, Trial
from loyalty.models import (
    ApiKey,
    Customer,
    CustomerMerge,
    DataFlag,
    ImportMapping,
    ImportSource,
    IngestRun,
    Job,
    Product,
)
from loyalty.models.calls import CallBudget
from loyalty.services.staff import CAMPAIGN_MANAGER, MARKETER, ensure_groups
from recommender.models import ModelVersion
from segments.models import Segment, Segmentation
from tests.rows import fill

pytestmark = pytest.mark.django_db
WHO = ("anonymous", "plain", "marketer", "manager", "superuser")
PAGE, FORM, ACTION, GUARDED, OWN = "page", "form", "action", "guarded", "own"
GUARDED_FORM = "guarded form"
LOGIN, SCHEMA, NOTHING, API_READ, API_WRITE = "login", "schema", "nothing", "api read", "api write"
# What a GET answers to each of them, in that order; 403 stands for 405, too: not this way, or not you.
ANSWERS = {
    PAGE: (302, 200, 200, 200, 200),  # read by everybody who has a log-in
    FORM: (302, 403, 200, 200, 200),  # asks for a permission that marketers have
    ACTION: (302, 403, 403, 403, 403),  # POST only, and asks for a permission that marketers have
    GUARDED: (302, 403, 403, 403, 403),  # POST only, and asks for a permission that campaign managers have
    GUARDED_FORM: (302, 403, 403, 200, 200),  # asks for a permission that campaign managers have
    OWN: (302, 403, 403, 403, 403),  # POST only, about oneself
    LOGIN: (200, 302, 302, 302, 302),
    SCHEMA: (401, 200, 200, 200, 200),
    NOTHING: (404, 404, 404, 404, 404),
    API_READ: (401, 403, 200, 200, 200),
    API_WRITE: (401, 403, 403, 403, 403),
}

ROUTES = {
    "login": LOGIN,
    "logout": OWN,
    "home": PAGE,
    "customers": PAGE,
    "customer": PAGE,
    "silent-customers": PAGE,
    "silent-plan": ACTION,
    "silence-put-aside": ACTION,
    "customer-merges": GUARDED_FORM,
    "customer-merge": GUARDED_FORM,
    "customer-merge-undo": GUARDED,
    "segments": PAGE,
    "segment": PAGE,
    "segments-find": ACTION,
    "segments-explore": PAGE,
    "segments-explore-start": ACTION,
    "segments-assign": ACTION,
    "segmentation": PAGE,
    "segmentation-save": ACTION,
    "segmentation-discard": ACTION,
    "segmentation-again": ACTION,
    "segment-new": FORM,
    "segment-count": ACTION,
    "segment-suggest": FORM,
    "segment-rule": FORM,
    "segment-moves": PAGE,
    "segment-refresh": ACTION,
    "segment-duplicate": ACTION,
    "segment-freeze": ACTION,
    "segment-rename": ACTION,
    "segment-delete": ACTION,
    "segments-rfm": PAGE,
    "segments-rfm-score": ACTION,
    "segments-lifecycle": PAGE,
    "segments-lifetime": PAGE,
    "segments-overlap": PAGE,
    "segments-compare": PAGE,
    "segments-rhythm-read": ACTION,
    "products": PAGE,
    "losing-products": PAGE,
    "losing-products-look": ACTION,
    "product-silence": PAGE,
    "product": PAGE,
    "product-map": PAGE,
    "product-rule": GUARDED,
    "relation-rule": ACTION,
    "offers": PAGE,
    "offer": PAGE,
    "offer-assignments": PAGE,
    "offer-assignments-decide": GUARDED,
    "customer-offers": PAGE,
    "campaign-offers-assign": ACTION,
    "offer-new": FORM,
    "offer-picker": FORM,
    "campaigns": PAGE,
    "campaign": PAGE,
    "campaign-new": FORM,
    "campaign-rehearsal": PAGE,
    "campaign-simulate": ACTION,
    "campaign-incentives": PAGE,
    "campaign-incentives-plan": ACTION,
    "campaign-submit": ACTION,
    "campaign-approve": GUARDED,
    "campaign-reject": GUARDED,
    "audiences": PAGE,
    "audience": PAGE,
    "audience-rebuild": ACTION,
    "simulations": PAGE,
    "simulation": PAGE,
    "new-product": FORM,
    "new-product-simulation": PAGE,
    "new-product-segment": ACTION,
    "new-product-on-sale": ACTION,
    "scenarios": PAGE,
    "pilot": PAGE,
    "pilot-result": ACTION,
    "pilot-draw": ACTION,
    "pilot-forecast": ACTION,
    "pilot-call-off": ACTION,
    "scenario-add": ACTION,
    "scenario-money": ACTION,
    "scenario-apply": ACTION,
    "scenario-remove": ACTION,
    "scoreboard": PAGE,
    "launch-scoreboard": PAGE,
    "experiments": PAGE,
    "trial": PAGE,
    "trial-new": FORM,
    "trial-map": FORM,
    "trial-again": ACTION,
    "models": PAGE,
    "decay-choose": ACTION,
    "models-compare": PAGE,
    "models-training": GUARDED_FORM,
    "models-tune": GUARDED,
    "model-explain": ACTION,
    "model-compress": GUARDED,
    "model-version": PAGE,
    "model-promote": GUARDED,
    "model-roll-back": GUARDED,
    "model-learn": ACTION,
    "data": PAGE,
    "data-inspect": ACTION,
    "cleaning": PAGE,
    "finding": PAGE,
    "finding-export": PAGE,
    "flag-decide": ACTION,
    "imports": PAGE,
    "import-new": FORM,
    "ingest-run": PAGE,
    "import-look": FORM,
    "import-map": FORM,
    "import-preview": FORM,
    "import-check": ACTION,
    "import-start": ACTION,
    "import-stop": ACTION,
    "import-discard": ACTION,
    "import-mappings": PAGE,
    "import-mapping-delete": ACTION,
    "rejected-rows": PAGE,
    "rejected-file": PAGE,
    "import-template": PAGE,
    "import-template-excel": PAGE,
    "sources": PAGE,
    "source": PAGE,
    "source-new": GUARDED_FORM,
    "source-edit": GUARDED_FORM,
    "source-visit": ACTION,
    "source-pause": GUARDED,
    "source-resume": GUARDED,
    "source-delete": GUARDED,
    "features": PAGE,
    "features-look": ACTION,
    "customer-features": PAGE,
    "jobs": PAGE,
    "job": PAGE,
    "job-progress": PAGE,
    "job-cancel": ACTION,
    "job-retry": ACTION,
    "settings": PAGE,
    "changes": FORM,
    "password-change": PAGE,
    "keys": PAGE,
    "key-revoke": OWN,
    "schema": SCHEMA,
    "api-docs": PAGE,
    "api-customer-list": API_READ,
    "api-customer-detail": API_READ,
    "api-customer-batch-upsert": API_WRITE,
    "api-product-list": API_READ,
    "api-product-detail": API_READ,
    "api-product-batch-upsert": API_WRITE,
    "api-order-list": API_READ,
    "api-order-detail": API_READ,
    "api-order-batch-upsert": API_WRITE,
    "api-interactions-batch-upsert": API_WRITE,
    "api-ratings-batch-upsert": API_WRITE,
    "api-reviews-batch-upsert": API_WRITE,
    "api-consents-batch-upsert": API_WRITE,
    "api-offers-batch-upsert": API_WRITE,
    "api-offer-products-batch-upsert": API_WRITE,
    "api-campaigns-batch-upsert": API_WRITE,
    "api-campaign-offers-batch-upsert": API_WRITE,
    "api-sends-batch-upsert": API_WRITE,
    "api-holdouts-batch-upsert": API_WRITE,
    "api-redemptions-batch-upsert": API_WRITE,
    "api-job-list": API_READ,
    "api-job-detail": API_READ,
    "api-segment-list": API_READ,
    "api-segment-detail": API_READ,
    "api-member-list": API_READ,
    "api-segment-preview-count": API_WRITE,
    "api-segment-refresh": API_WRITE,
    "api-campaign-list": API_READ,
    "api-campaign-detail": API_READ,
    "api-campaign-simulate": API_WRITE,
    "api-incentiveplan-list": API_READ,
    "api-incentiveplan-detail": API_READ,
    "api-incentive-choice-list": API_READ,
    "api-audience-list": API_READ,
    "api-audience-detail": API_READ,
    "api-audience-member-list": API_READ,
    "api-trial-list": API_READ,
    "api-trial-detail": API_READ,
    "api-simulation-list": API_READ,
    "api-simulation-detail": API_READ,
    "api-simulation-pilot": API_READ,
    "api-simulation-pilot-forecast": API_WRITE,
    "api-simulation-pilot-call-off": API_WRITE,
    "api-new-product-simulation-list": API_READ,
    "api-new-product-simulation-detail": API_READ,
    "api-scenario-list": API_READ,
    "api-scenario-apply": API_WRITE,
    "api-scoreboard-list": API_READ,
    "api-launch-scoreboard-list": API_READ,
    "api-offer-assignment-list": API_READ,
    "api-customer-offer-list": API_READ,
    "api-customer-prediction-list": API_READ,
    "api-recommendation-list": API_READ,
    "api-customer-recommendations": API_READ,
    "nothing below /api/": NOTHING,
}
OURS = ("campaigns", "loyalty", "recommender", "segments")


def routes(resolver: URLResolver, before: str = "", spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield ":".join([*spaces, pattern.name or "nothing below /api/"]), address
        else:
            inside = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from routes(pattern, address, inside)


EVERY_ROUTE = list(routes(get_resolver()))
OF_THE_ADMIN = [(name, address) for name, address in EVERY_ROUTE if name.startswith("admin:")]
OF_THE_SITE = [(name, address) for name, address in EVERY_ROUTE if not name.startswith("admin:")]


def rows() -> dict[str, object]:
    """A row for what stands before the key in an address: `campaigns/<pk>` is one of the campaigns."""
    models = {
        "customers": Customer,
        "products": Product,
        "segments": Segment,
        "found": Segmentation,
        "offers": Offer,
        "campaigns": Campaign,
        "audiences": Audience,
        "incentive-plans": IncentivePlan,
        "simulations": Simulation,
        "new-product": NewProductSimulation,
        "new-product-simulations": NewProductSimulation,
        "scenarios": Scenario,
        "trials": Trial,
        "jobs": Job,
        "imports": IngestRun,
        "sources": ImportSource,
        "mappings": ImportMapping,
        "models": ModelVersion,
        "merges": CustomerMerge,
        "keys": ApiKey,
        "flags": DataFlag,
    }
    return {noun: model.objects.earliest("pk").pk for noun, model in models.items()}


WORDS = {
    "external_id": "c0",
    "sku": "p0",
    "kind": "customers",
    "purpose": "recommendation",
    "check": "unit",
    "scenario_id": "1",
}


def concrete(address: str, keys: dict[str, object]) -> str:
    """An address with real keys in place of its parameters."""
    address = re.sub(r"\(\?P<(\w+)>(?:\[[^]]*\]|[^)[])*\)", r"<\1>", address)
    address = re.sub(r"\^|\$|/\?", "", address)
    words = {**WORDS, "external_id": "o0"} if "orders" in address else WORDS
    parts = ["", *address.split("/")]
    for place, part in enumerate(parts):
        found = re.match(r"<(?:\w+:)?(\w+)>(.*)", part)
        if found:
            key = keys[parts[place - 1]] if found[1] in ("pk", "id") else words[found[1]]
            parts[place] = f"{key}{found[2]}"
    return "/".join(parts)


@pytest.fixture
def people(django_user_model):
    ensure_groups()
    CallBudget.objects.all().delete()
    make = django_user_model.objects
    marketer, manager = make.create_user("m"), make.create_user("n", is_staff=True)
    marketer.groups.add(Group.objects.get(name=MARKETER))
    manager.groups.add(Group.objects.get(name=CAMPAIGN_MANAGER))
    return dict(zip(WHO, (None, make.create_user("p"), marketer, manager, make.create_superuser("s")), strict=True))


def be(client, user):
    CallBudget.objects.all().delete()
    client.logout()
    if user is not None:
        client.force_login(user)


def test_every_route_is_listed_and_every_listed_route_is_there():
    assert {name for name, _ in OF_THE_SITE} == set(ROUTES)


def test_no_two_routes_share_a_name():
    names = [name for name, _ in OF_THE_SITE]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("who", WHO)
def test_everybody_gets_what_is_theirs_and_nothing_else(client, people, who):
    fill(1)
    keys = rows()
    be(client, people[who])
    client.raise_request_exception = False
    found, expected = {}, {}
    for name, address in OF_THE_SITE:
        CallBudget.objects.all().delete()
        status = client.get(concrete(address, keys)).status_code
        found[name] = 403 if status == 405 else status
        expected[name] = ANSWERS[ROUTES[name]][WHO.index(who)]
    assert found == expected


def test_on_every_page_one_line_of_the_left_bar_is_lit(client, people):
    fill(1)
    keys = rows()
    be(client, people["superuser"])
    lit = {}
    for name, address in OF_THE_SITE:
        if ROUTES[name] in (PAGE, FORM, GUARDED_FORM):
            response = client.get(concrete(address, keys))
            text = b"" if response.streaming else response.content
            if b'class="nav-item' in text:
                lit[name] = text.count(b'class="nav-item active"')
    # Whose own log-in it is stands in no line.
    assert {name for name, times in lit.items() if times != 1} == {"password-change"}


def test_an_anonymous_is_sent_to_the_log_in_and_nowhere_else(client):
    for name, address in OF_THE_SITE:
        if ANSWERS[ROUTES[name]][0] == 302:
            response = client.get(concrete(address, dict.fromkeys(rows_without_any(), 1)))
            assert response.headers["Location"].startswith("/login/?next="), name


def rows_without_any():
    return (
        "flags",
        "keys",
        "customers",
        "products",
        "segments",
        "found",
        "offers",
        "campaigns",
        "audiences",
        "incentive-plans",
        "simulations",
        "new-product",
        "new-product-simulations",
        "scenarios",
        "trials",
        "jobs",
        "imports",
        "mappings",
        "merges",
        "models",
        "sources",
    )


def test_nobody_posts_what_they_may_not(client, people):
    """A POST of somebody without permissions changes nothing, wherever it goes."""
    fill(1)
    keys = rows()
    be(client, people["plain"])
    for name, address in OF_THE_SITE:
        if ROUTES[name] in (ACTION, GUARDED, GUARDED_FORM, FORM, API_WRITE):
            assert client.post(concrete(address, keys)).status_code in (403, 405), name
    be(client, people["marketer"])
    for name, address in OF_THE_SITE:
        if ROUTES[name] in (GUARDED, GUARDED_FORM):
            assert client.post(concrete(address, keys)).status_code == 403, name
    assert Job.objects.count() == 1
    assert Campaign.objects.get().state == "draft"


@pytest.mark.parametrize("who", ["anonymous", "plain", "marketer"])
def test_the_admin_is_closed_to_all_but_its_staff(client, people, who):
    fill(1)
    be(client, people[who])
    open_pages = [
        name
        for name, address in OF_THE_ADMIN
        if client.get(admin_address(address)).status_code not in (302, 404)
        and name not in ("admin:login", "admin:jsi18n")
    ]
    assert open_pages == []


def admin_address(address: str) -> str:
    key = str(Customer.objects.earliest("pk").pk)
    simple = re.sub(r"\(\?P<\w+>[^)]*\)", "loyalty", address)
    return "/" + re.sub(r"<(?:\w+:)?\w+>", key, simple).strip("^$/").replace("$", "").replace("?", "") + "/"


def test_the_admin_shows_its_staff_our_tables_and_no_accounts(client, people):
    be(client, people["manager"])
    lists = [address for name, address in OF_THE_ADMIN if name.endswith("_changelist")]
    answers = {address: client.get("/" + address).status_code for address in lists}
    ours = {address for address in lists if address.split("/")[1] in OURS}
    assert {address for address, status in answers.items() if status == 200} == ours
    assert {status for address, status in answers.items() if address not in ours} == {403}
