"""Rows in every table, as many as a test asks for: `fill(3)` twice makes six of each."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.utils.timezone import now

from campaigns import models as campaigns
from loyalty import models as loyalty
from loyalty.services.ingest import kept_path
from loyalty.services.keys import create_key
from recommender.models import (
    DecayChoice,
    ModelVersion,
    PairedScores,
    ProductPlace,
    ProductRelation,
    ProductRuling,
    Promotion,
    Recommendation,
    RelationRuling,
    Retraining,
    ScoringRun,
    ServedList,
    Shortlist,
    StockReplacement,
    SurrogateTree,
    Tuning,
    TuningTrial,
)
from segments.engine.files import packed
from segments.models import (
    Division,
    GroupReport,
    LifetimeReport,
    Prediction,
    Segment,
    Segmentation,
    SegmentMembership,
    SegmentRefresh,
    SegmentRule,
)

AT = datetime(2017, 11, 1, 12, tzinfo=UTC)
NEEDED = ("ordered_at", "sku", "amount")
LEVELS = ("low_95", "low_90", "low_80", "low_50", "mid", "high_50", "high_80", "high_90", "high_95")


def bearer(user: Any, *scopes: str) -> str:
    """The header of a key of that person, for everything unless scopes are named."""
    _, told = create_key(user=user, name="Test", scope_names=scopes or ("*:read", "*:write"), at=now())
    return f"Bearer {told}"


def fill(n: int) -> None:
    """Add `n` rows to every table, all of them related to each other."""
    first = loyalty.Customer.objects.count()
    for number in range(first, first + n):
        _fill_one(number)


def _fill_one(number: int) -> None:
    _calls(number)
    job = loyalty.Job.objects.create(task="loyalty.ingest", label=f"Import {number}", created_at=AT)
    loyalty.JobEntry.objects.create(job=job, at=AT, text="Began.")
    customer = loyalty.Customer.objects.create(external_id=f"c{number}", name=f"Customer {number}")
    loyalty.Customer.objects.filter(pk=customer.pk).update(location="Here")  # leaves a line in the trail
    campaigns.DemographicsDecision.objects.create(is_allowed=False, reason="We need not know.", at=AT)
    product, other = make_product(number), make_product(number, "other")
    _shopping(number, customer, product)
    _import(number, job)
    _odd(number, product)
    make_rule_segment(number, customer)
    segment = make_segment(number, customer)
    _expected(number, customer)
    version = make_version(number)
    _trained(number, version)
    Promotion.objects.create(version=version, reason="It found more.", at=AT)
    PairedScores.objects.create(version=version, arrays=b"")
    Recommendation.objects.create(
        customer=customer, product=product, model_version=version, rank=1, score=0.5, reason="Bought often", made_at=AT
    )
    make_shortlist(customer, version, [product])
    ServedList.objects.create(
        customer=customer, placement="home", source="shortlist", model_version=version, product_ids=[product.pk],
        served_at=AT,
    )  # fmt: skip
    ProductRelation.objects.create(
        product=product, other=other, kind="similar", score=0.9, model_version=version, evidence={"baskets": 9}
    )
    ProductPlace.objects.create(model_version=version, product=product, x=0.5, y=0.5, n_orders=9)
    RelationRuling.objects.create(product=other, other=product, kind="similar", verdict="blocked", at=AT)
    ProductRuling.objects.create(product=other, verdict="blocked", at=AT)
    StockReplacement.objects.create(product=other, substitute=product, out_since=AT, since=AT, until=AT)
    _campaign(number, customer, product, version)
    assert segment.pk


def fill_reports(n: int) -> None:
    """Bare rows of what jobs find out, for lists only: a page that reads them wants what a job really found."""
    for number in range(n):
        loyalty.DataReport.objects.create(as_of=AT, made_at=AT)
        _learnt(number, loyalty.Job.objects.create(task="loyalty.survey", label=f"Look {number}", created_at=AT))


def _learnt(number: int, job: loyalty.Job) -> None:
    survey = loyalty.FeatureSurvey.objects.create(as_of=AT, n_customers=5, created_at=AT, job=job)
    loyalty.FeatureFact.objects.create(
        survey=survey, position=1, name="n_orders", label=f"Orders {number}", unit="orders", family="Orders",
        kind="number", missing_share=0.0,
    )  # fmt: skip
    values = {"data_fingerprint": "f", "code_version": "1", "seed": 0, "as_of": AT, "made_at": AT}
    DecayChoice.objects.create(task="buy_again", grid=[], test={}, job=job, **values)


def _calls(number: int) -> None:
    robot, _ = User.objects.get_or_create(username="robot")
    key, _ = create_key(user=robot, name=f"Shop {number}", scope_names=["*:read"], at=AT)
    caller = f"key {key.pk}"
    loyalty.AnsweredCall.objects.create(caller=caller, key=f"day {number}", fingerprint="f", status=200, body=b"{}")
    loyalty.CallBudget.objects.create(caller=caller, spent_until=AT)


def make_product(number: int, prefix: str = "p") -> loyalty.Product:
    category, _ = loyalty.Category.objects.get_or_create(
        path=f"Grocery > Shelf {number}", defaults={"name": f"Shelf {number}"}
    )
    return loyalty.Product.objects.create(
        sku=f"{prefix}{number}", name=f"Product {prefix}{number}", category=category, price="2.50", currency="USD"
    )


def make_order(number: int, customer: loyalty.Customer, product: loyalty.Product) -> loyalty.Order:
    order = loyalty.Order.objects.create(
        external_id=f"o{number}", customer=customer, ordered_at=AT - timedelta(days=number), currency="USD"
    )
    loyalty.OrderLine.objects.create(order=order, line_number=1, product=product, quantity=2, amount=5)
    return order


def _shopping(number: int, customer: loyalty.Customer, product: loyalty.Product) -> None:
    make_order(number, customer, product)
    loyalty.Consent.objects.create(customer=customer, channel="mail", state="granted", source="form", at=AT)
    loyalty.Interaction.objects.create(
        customer=customer, type="Product Viewed", occurred_at=AT, source="web", event_id=f"e{number}", product=product
    )
    loyalty.Rating.objects.create(
        customer=customer, product=product, kind="explicit", value=0.5, source="web", rated_at=AT
    )
    loyalty.ImplicitRating.objects.create(
        customer=customer, product=product, signal="purchase", value=1.0, weight=1.7, decay=1.0, rated_at=AT,
        evidence={"orders": 1, "order_ids": [1], "first_on": "2017-10-01", "last_on": "2017-10-01"}, definition="1",
    )  # fmt: skip
    make_silences(loyalty.SilenceReport.objects.first() or make_report(), customer, product)
    loyalty.RatingSetting.objects.get_or_create(pk=1)
    make_review(number, product, customer=customer)
    merge = loyalty.CustomerMerge.objects.create(
        kept=customer, gone_id=1_000_000 + number, gone_external_id=f"gone{number}", gone_row={}, merged_at=AT
    )
    loyalty.CustomerAlias.objects.create(external_id=f"gone{number}", customer=customer, merge=merge)
    loyalty.MergedRow.objects.create(merge=merge, table="loyalty_order", column="customer_id", row_id=f"{number}")
    loyalty.SentimentReader.objects.create(
        label=f"Reader {number}", arrays=b"", sha256="s", verdict="Beats the words.", n_reviews=9, learnt_at=AT
    )


def make_report(**values: object) -> loyalty.SilenceReport:
    given = {
        "as_of": AT, "definition": "1", "n_regular_customers": 9, "n_visits": 90, "n_silences": 4, "n_came_back": 3,
        "n_products": 5, "false_discovery_rate": 0.05, "currency": "USD", "made_at": AT,
    }  # fmt: skip
    return loyalty.SilenceReport.objects.create(**{**given, **values})


def make_silences(
    report: loyalty.SilenceReport, customer: loyalty.Customer, product: loyalty.Product, **values: object
) -> loyalty.ProductSilence:
    """A customer who is silent after a product that stands out."""
    rhythm = {"n_visits": 12, "usual_gap_days": 3.5, "allowed_gap_days": 28.0, "gap_days": 40}
    day = AT.date() - timedelta(days=40)
    loyalty.SilentBuyer.objects.create(
        report=report, product=product, customer=customer, bought_on=day, n_new_products=2, is_counted=True, **rhythm
    )
    loyalty.SilentCustomer.objects.create(
        report=report, customer=customer, last_seen_on=day, expected_by=AT.date() - timedelta(days=12),
        spend_a_month=120.0, spend_sd=30.0, **rhythm,
    )  # fmt: skip
    given = {
        "n_buyers": 50, "observed": 9, "expected": 0.4, "ratio": 18.0, "ratio_low": 9.0, "ratio_high": 30.0,
        "p": 1e-9, "q": 1e-6, "is_flagged": True,
    }  # fmt: skip
    return loyalty.ProductSilence.objects.create(report=report, product=product, **{**given, **values})


def make_review(number: int, product: loyalty.Product, **values: object) -> loyalty.Review:
    given = {"title": "Fine", "text": "It is good.", "rating": 0.5, "sentiment": 0.4, "sentiment_version": "words-1"}
    return loyalty.Review.objects.create(
        external_id=f"r{number}", source="web", product=product, reviewed_at=AT, **{**given, **values}
    )


def _odd(number: int, product: loyalty.Product) -> None:
    loyalty.DataFlag.objects.create(
        check_name="unit", table="product", record_id=product.pk, suggestion="kg", reason="Decimals."
    )
    loyalty.FlagDecision.objects.create(
        check_name="unit", table="product", record_id=product.pk, verdict="confirmed", decided_at=AT
    )
    loyalty.CleanedValue.objects.create(
        table="product", record_id=product.pk, field="price", value="2.50", method="median", as_of=AT
    )


def _import(number: int, job: loyalty.Job) -> None:
    mapping = {
        "columns": {"order": "order_id", "quantity": "quantity"},
        "constants": dict.fromkeys(NEEDED, "2017-01-02"),
    }
    run = loyalty.IngestRun.objects.create(
        kind="orders", source=f"file{number}.csv", started_at=AT, job=job, mapping=mapping
    )
    loyalty.ImportMapping.objects.create(kind="orders", name=f"Till {number}", columns=mapping["columns"], at=AT)
    kept_path(run).parent.mkdir(parents=True, exist_ok=True)
    kept_path(run).write_text("order,quantity\no1,x\n")
    loyalty.RejectedRow.objects.create(run=run, line=2, column="quantity", value="x", reason="Write a number.")
    source = loyalty.ImportSource.objects.create(
        name=f"Source {number}", kind="orders", url="s3://bucket/orders", every="hours", created_at=AT
    )
    loyalty.SourceVisit.objects.create(source=source, due_at=AT, job=job)
    loyalty.SourceFile.objects.create(
        source=source, path=f"bucket/orders/{number}.csv", size=9, mark="1", state="taken", run=run, seen_at=AT
    )


def _expected(number: int, customer: loyalty.Customer) -> None:
    GroupReport.objects.get_or_create(kind="rfm", defaults={"as_of": AT, "refusal": "Nobody ordered.", "made_at": AT})
    if not LifetimeReport.objects.exists():
        LifetimeReport.objects.create(as_of=AT, horizon_days=365, refusal="Too few came again.", made_at=AT)
    Prediction.objects.create(
        customer=customer, kind="clv", as_of=AT, horizon_days=365, currency="USD", predicted_clv=90.0,
        predicted_clv_low=40.0, predicted_clv_high=160.0, historic_clv=50.0, expected_orders=9.0,
        expected_orders_low=4.0, expected_orders_high=16.0, chance_alive=0.8, chance_alive_low=0.7,
        chance_alive_high=0.9, average_days_between_orders=12.0 + number, made_at=AT,
    )  # fmt: skip


def make_segment(number: int, *customers: loyalty.Customer) -> Segment:
    score = {"k": 2, "silhouette": 0.3, "davies_bouldin": 1.0, "stability": 0.9, "smallest_share": 0.4}
    facts = {
        "n_customers": len(customers),
        "share": 1.0,
        "usual": {"spend": 9.0},
        "usual_of_all": {"spend": 9.0},
        "means_z": {"spend": 0.5},
    }
    texts = {"found_name": "Spenders", "description": "Much.", "distinctions": [], "lifts": []}
    segmentation = Segmentation.objects.create(
        name=f"Run {number}",
        spec={"labels": {"spend": "Spend"}},
        as_of=AT,
        k=2,
        silhouette=0.3,
        scores=[score],
        verdict="Clear groups.",
        projection={"axes": [{"features": ["Spend"], "share": 0.6}, {"features": ["Spend"], "share": 0.3}]},
        findings={"numbers": [1], "segments": [{**facts, **texts}]},
        saved_at=AT,
        created_at=AT,
    )
    people = {
        "customer_ids": np.array([one.pk for one in customers], dtype=np.int64),
        "labels": np.zeros(len(customers), dtype=np.int16),
        "map_rows": np.arange(len(customers)),
        "places": np.zeros((len(customers), 2)),
    }
    Division.objects.create(segmentation=segmentation, learnt=b"", people=packed(people))
    segment = Segment.objects.create(
        kind="cluster",
        name=f"Segment {number}",
        segmentation=segmentation,
        number=1,
        profile=facts,
        created_at=AT,
    )
    for customer in customers:
        SegmentMembership.objects.create(segment=segment, customer=customer, valid_from=AT)
    return segment


RULE = {"version": 1, "rule": {"every": [{"kind": "bought", "counts": {"times": {"at_least": 1}}}]}}


def make_rule_segment(number: int, *customers: loyalty.Customer, **values: Any) -> Segment:
    segment = Segment.objects.create(kind="rule", name=f"Rule {number}", created_at=AT)
    SegmentRule.objects.create(segment=segment, edited_at=AT, **{"tree": RULE, **values})
    for customer in customers:
        SegmentMembership.objects.create(segment=segment, customer=customer, valid_from=AT)
    SegmentRefresh.objects.create(
        segment=segment, at=AT, as_of=AT, version=1, is_full=True, seconds=0.5, n_entered=len(customers),
        n_members=len(customers), mark=1,
    )  # fmt: skip
    return segment


def make_shortlist(
    customer: loyalty.Customer, version: ModelVersion, products: list[loyalty.Product], **values: object
) -> Shortlist:
    """Products in this order, none of them bought before, as if scored when nothing had come in since."""
    run, _ = ScoringRun.objects.get_or_create(
        key=f"run {version.pk}", model_version=version, defaults={"as_of": AT, "begun_at": AT, "neighbours": "none"}
    )
    n = len(products)
    given = {
        "run": run, "product_ids": [one.pk for one in products], "scores": [1 / place for place in range(1, n + 1)],
        "because_ids": [-1] * n, "times_bought": [0] * n, "last_bought_on": [None] * n, "done_with_ids": [],
        "stamp": "?", "made_at": AT,
    }  # fmt: skip
    return Shortlist.objects.create(customer=customer, model_version=version, **{**given, **values})


def _trained(number: int, version: ModelVersion) -> None:
    figure = {"value": 0.2, "low": 0.1, "high": 0.3}
    tuning = Tuning.objects.create(
        algorithm="ease", version=version, budget_seconds=60, gain=figure, as_of=AT, seed=1, made_at=AT
    )
    TuningTrial.objects.create(tuning=tuning, number=0, params={"ridge": 300.0}, seconds=1.0, **figure)
    SurrogateTree.objects.create(
        version=version, rules=[], agreement=figure, r2=figure, n_customers=9, as_of=AT, made_at=AT
    )
    Retraining.objects.get_or_create(pk=1)


def make_version(number: int, **values: object) -> ModelVersion:
    given = {
        "purpose": "recommendation",
        "algorithm": "popularity",
        "label": f"Bestsellers {number}",
        "data_until": AT,
        "data_fingerprint": "f",
        "seed": 7,
        "code_version": "1",
        "fit_seconds": 1.0,
        "artefact": f"a{number}",
        "artefact_sha256": "s",
        "trained_at": AT,
    }
    return ModelVersion.objects.create(**{**given, **values})


def make_offer(number: int, *products: loyalty.Product) -> campaigns.Offer:
    offer = campaigns.Offer.objects.create(
        external_id=f"offer{number}", name=f"Offer {number}", mechanic="coupon", currency="USD"
    )
    for product in products:
        campaigns.OfferProduct.objects.create(offer=offer, product=product)
    return offer


def make_campaign(number: int, *offers: campaigns.Offer, **values: object) -> campaigns.Campaign:
    starts_at = AT + timedelta(days=number)
    given = {"name": f"Campaign {number}", "type": "Type A", "currency": "USD", "created_at": AT}
    window = {"starts_at": starts_at, "ends_at": starts_at + timedelta(days=30)}
    campaign = campaigns.Campaign.objects.create(**{**given, **window, **values})
    for offer in offers:
        campaigns.CampaignOffer.objects.create(campaign=campaign, offer=offer)
    return campaign


def make_audience(number: int, *customers: loyalty.Customer) -> campaigns.Audience:
    audience = campaigns.Audience.objects.create(name=f"Audience {number}", kind="best", as_of=AT, created_at=AT)
    for position, customer in enumerate(customers, start=1):
        campaigns.AudienceMember.objects.create(audience=audience, customer=customer, position=position, score=0.2)
    return audience


def make_incentives(campaign: campaigns.Campaign, version: ModelVersion, customer: loyalty.Customer) -> None:
    line = {"benefit": 1.0, "n": 1, "takers": 0.2, "spend": 0.5, "value": 1.0, "uniform": 1.0}
    plan = campaigns.IncentivePlan.objects.create(
        campaign=campaign, model_version=version, as_of=AT, benefits=[1.0], odds=1.3, is_learnt=False, n_customers=1,
        n_given=1, value=1.0, value_low=0.5, value_high=1.5, spend=0.5, bound=1.0, shadow_price=0.0, currency="USD",
        evidence={"lines": [line], "usual": 1.0, "n_campaigns": 0, "value_if_nobody_answers": 1.0}, seed=7, made_at=AT,
    )  # fmt: skip
    campaigns.IncentiveChoice.objects.create(
        plan=plan, customer=customer, benefit=1.0, chance=0.2, smallest_chance=0.2, value=1.0
    )


def make_simulation(
    campaign: campaigns.Campaign, audience: campaigns.Audience, version: ModelVersion
) -> campaigns.Simulation:
    simulation = campaigns.Simulation.objects.create(
        campaign=campaign, audience=audience, model_version=version, as_of=AT, seed=7, created_at=AT
    )
    levels = {name: float(value) for value, name in enumerate(LEVELS, start=100)}
    campaigns.Forecast.objects.create(
        simulation=simulation, metric="redeemers", basis="back_tested", mean=104.0, **levels
    )
    _told(simulation, levels)
    return simulation


def make_scenario(simulation: campaigns.Simulation, **values: object) -> campaigns.Scenario:
    """The plan as it was simulated, three simulated campaigns of two kinds of people long."""
    money = {"cost_per_contact": 0.1, "cost_per_redemption": 0.5, "revenue_per_redemption": 4.0, "margin_share": 0.3}
    lines = {name: {"value": value, "source": "assumed", "note": "Assumed."} for name, value in money.items()}
    given = {
        "name": "As planned", "starts_at": simulation.campaign.starts_at, "ends_at": simulation.campaign.ends_at,
        "audience_rule": {"kind": "everybody"}, "assumptions": lines, "created_at": AT,
        "effect": {"mean": 0.0, "sd": 0.3, "n_campaigns": 9}, "counts": {"values": [1, 2], "shares": [0.5, 0.5]},
        "bin_centres": [-1.0, -2.0], "bin_sizes": [200, 200], "redeemers": [60, 70, 80], "redemptions": [90, 100, 130],
    }  # fmt: skip
    return campaigns.Scenario.objects.create(simulation=simulation, **{**given, **values})


def make_scoring(campaign: campaigns.Campaign, version: ModelVersion, customer: loyalty.Customer) -> None:
    scoring = campaigns.CustomerScoring.objects.create(
        key=f"scoring-{campaign.pk}", campaign=campaign, model_version=version, as_of=AT, begun_at=AT
    )
    campaigns.KnownHabits.objects.create(as_of=AT + timedelta(days=campaign.pk), mark=1, table=b"")
    campaigns.ScoredPart.objects.create(
        scoring=scoring,
        first_id=customer.pk,
        last_id=customer.pk,
        n_customers=1,
        arrays=packed({"logits": np.zeros(1)}),
    )


def make_new_product_simulation(number: int, audience: campaigns.Audience) -> campaigns.NewProductSimulation:
    category = loyalty.Category.objects.get_or_create(path="Grocery > New", defaults={"name": "New"})[0]
    product = campaigns.NewProduct.objects.create(
        name=f"New {number}", category=category, price=2, currency="USD", sku=f"new{number}", created_at=AT
    )
    simulation = campaigns.NewProductSimulation.objects.create(
        new_product=product, audience=audience, as_of=AT, outcome_days=56, seed=7, created_at=AT,
        evidence={
            "n_launches": 40, "n_buyers": 200, "usual_buyers": 5.0, "outside": [], "n_customers": 60,
            "alike": {"name": "New", "n_launches": 12, "usual_buyers": 4.0}, "pieces_per_buyer": 1.5,
            "effect": {"factor": 1.0, "size": 2.0, "n": 30},
        },
    )  # fmt: skip
    levels = {name: float(value) for value, name in enumerate(LEVELS, start=100)}
    for metric, basis in (("buyers", "back_tested"), ("units", "resampled"), ("revenue", "assumption")):
        campaigns.NewProductForecast.objects.create(
            simulation=simulation, metric=metric, basis=basis, mean=104.0, **levels
        )
    entry = campaigns.LaunchEntry.objects.create(
        simulation=simulation, name=product.name, sku=product.sku, code_version="launches-1", is_replayed=False,
        as_of=AT, made_at=AT, outcome_days=56, expected=104.0, factor=1.0, size=2.0, effect_launches=30, usual=5.0,
        mean=104.0, naive_low_90=102, naive_high_90=105, **levels,
    )  # fmt: skip
    campaigns.LaunchOutcome.objects.create(
        entry=entry, n_buyers=103, first_sold_at=AT, observed_until=AT, is_complete=True, place=0.5
    )
    return simulation


def _told(simulation: campaigns.Simulation, levels: dict[str, float]) -> None:
    entry = campaigns.LedgerEntry.objects.create(
        campaign=simulation.campaign, audience=simulation.audience, simulation=simulation, estimator="RidgeLogistic",
        code_version="1", is_replayed=False, as_of=AT, made_at=AT, n_customers=300, centres=[-1.0, -3.0],
        sizes=[100, 200], effect_mean=0.0, effect_sd=0.4, effect_campaigns=9, mean=104.0, naive_low_90=102,
        naive_high_90=105, fingerprint=str(simulation.pk), **levels,
    )  # fmt: skip
    campaigns.LedgerOutcome.objects.create(
        entry=entry, n_redeemers=103, taken=[90, 13], effect=0.1, effect_sd=0.1, observed_until=AT, is_complete=True
    )


def _campaign(number: int, customer: loyalty.Customer, product: loyalty.Product, version: ModelVersion) -> None:
    offer = make_offer(number, product)
    audience = make_audience(number, customer)
    campaign = make_campaign(number, offer, audience=audience, external_id=f"k{number}")
    simulation = make_simulation(campaign, audience, version)
    make_scenario(simulation)
    # Called off, so that no page takes the campaign for one that waits for its pilot.
    campaigns.Pilot.objects.create(
        of=campaign, simulation=simulation, campaign=campaign, rest=audience, seed=7, drawn_at=AT, called_off_at=AT
    )
    make_incentives(campaign, version, customer)
    make_scoring(campaign, version, customer)
    make_new_product_simulation(number, audience)
    campaigns.Holdout.objects.create(campaign=campaign, customer=customer, propensity=0.9)
    campaigns.Redemption.objects.create(campaign=campaign, offer=offer, customer=customer, redeemed_at=AT)
    campaigns.Outcome.objects.create(
        campaign=campaign, metric="redeemers", value=99, observed_until=AT, is_complete=True
    )
    make_uplift_model(make_trial(number, customer))
    policy = campaigns.OfferPolicy.objects.create(campaign=campaign)
    made = make_round(campaign, policy.mode, version)
    campaigns.OfferDecision.objects.create(round=made, customer=customer, gates=[14], chances=[0.2], values=[0.5])
    make_assignment(made, offer, customer)


def make_trial(number: int, customer: loyalty.Customer | None = None, **values: Any) -> campaigns.Trial:
    given = {
        "name": f"Trial {number}",
        "source": "t.csv",
        "fingerprint": "f",
        "outcome_name": "visit",
        "created_at": AT,
    }
    trial = campaigns.Trial.objects.create(**{**given, **values})
    for position, name in enumerate(("nothing", "e-mail")):
        campaigns.TrialArm.objects.create(trial=trial, position=position, name=name, n_people=1)
    campaigns.TrialPerson.objects.create(
        trial=trial, row=2, customer=customer, group=0, arm=1, outcome=1, value=0, attributed=0
    )
    campaigns.TrialRejection.objects.create(trial=trial, line=3, column="visit", value="x", reason="This is no number.")
    return trial


def make_uplift_model(trial: campaigns.Trial, **values: Any) -> campaigns.UpliftModel:
    findings = {"outcome_value": 4.0, "is_binary": True, "group": None}
    given = {"is_open": True, "n_customers": 200, "findings": findings, "arrays": b"", "fingerprint": "f", "seed": 1}
    arm = trial.arms.get(position=1)
    made = {"code_version": "1", "made_at": AT}
    return campaigns.UpliftModel.objects.create(**{**given, **made, **values}, trial=trial, arm=arm)


def make_round(campaign: campaigns.Campaign, mode: str, version: ModelVersion) -> campaigns.OfferRound:
    return campaigns.OfferRound.objects.create(
        campaign=campaign, mode=mode, model_version=version, as_of=AT, n_customers=1, n_assigned=1, value=0.5,
        value_low=-0.1, value_high=1.2, bound=0.5, currency="USD", advice="An offer for all.",
        evidence={"chosen_value": 0.5, "limits": [], "basis": "learnt", "n_campaigns": 9, "stopped_at": {"CHOSEN": 1}},
        offer_ids=[offer.pk for offer in campaign.offers.order_by("pk")], made_at=AT,
    )  # fmt: skip


def make_assignment(
    made: campaigns.OfferRound, offer: campaigns.Offer, customer: loyalty.Customer, **values: object
) -> campaigns.OfferAssignment:
    given = {
        "campaign": made.campaign, "status": "suggested", "position": 1, "score": 0.2, "score_low": 0.1,
        "score_high": 0.3, "baseline_score": 0.1, "expected_value": 0.5, "reason": "Bought its products 4 times.",
        "expires_at": made.campaign.ends_at, "made_at": AT,
    }  # fmt: skip
    return campaigns.OfferAssignment.objects.create(
        round=made, offer=offer, customer=customer, model_version=made.model_version, **{**given, **values}
    )
