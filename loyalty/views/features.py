"""What is known of customers: every feature, how it is spread, what it tells; and all of them for one customer."""

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from loyalty.charts import Chart
from loyalty.charts.features import Telling, components_chart, telling_chart
from loyalty.exports import csv_response
from loyalty.models import Customer, FeatureFact, FeatureSurvey
from loyalty.queries import feature_pages as queries
from loyalty.queries.orders import data_horizon
from loyalty.queries.paging import keyset_page
from loyalty.services.jobs import create_job, one_at_a_time
from loyalty.tasks import wake

N_TELLING = 12
PAGE_SIZE = 40
EXPORT_COLUMNS = ["Name", "Feature", "Family", "Unit", "Days", "Share missing"]
FILTERS = ("family", "window", "show", "q")


@require_GET
def features(request: HttpRequest) -> HttpResponseBase:
    survey = queries.newest_survey()
    context: dict[str, object] = {"survey": survey, "job": queries.survey_job()}
    if survey is None:
        return render(request, "loyalty/features.html", context)
    family, window, show, text = (request.GET.get(name, "") for name in FILTERS)
    found = queries.facts(survey, family=family, window=window, show=show, text=text.strip())
    if request.GET.get("format") == "csv":
        told = [f"{one['label']}: {what}" for one in _asked(survey) for what in ("bits", "low", "high", "tells")]
        return csv_response("features", [*EXPORT_COLUMNS, *told], queries.fact_cells(survey, found))
    page = keyset_page(found, order="position", cursor=request.GET.get("page", ""), size=PAGE_SIZE)
    context |= {
        "page": page,
        "rows": queries.rows(survey, page.rows),
        "asked": _asked(survey),
        "charts": _charts(survey) if not request.GET.get("page") else [],
        "n_features": survey.facts.count(),
        "n_telling": survey.facts.filter(tells=True).count(),
        "families": queries.families(survey),
        "windows": queries.WINDOWS,
        "shows": queries.SHOWS,
        "is_filtered": any(request.GET.get(name) for name in FILTERS),
    }
    return render(request, "loyalty/features.html", context)


def _asked(survey: FeatureSurvey) -> list[dict[str, object]]:
    return [one for one in survey.outcomes if one["is_asked"]]


def _charts(survey: FeatureSurvey) -> list[Chart]:
    shares, n_columns = survey.components["shares"], survey.components["n_columns"]
    charts = [_telling_chart(survey, one) for one in survey.outcomes if one["is_asked"]]
    return [*charts, components_chart(shares, n_columns=n_columns, as_of=survey.as_of)]


def _telling_chart(survey: FeatureSurvey, outcome: dict[str, str]) -> Chart:
    most = queries.most_telling(survey, outcome["name"], N_TELLING)
    silent = survey.facts.exclude(told__contains={outcome["name"]: {"tells": True}}).count()
    return telling_chart(
        [Telling(_label(fact), **_numbers(fact, outcome["name"])) for fact in most],
        outcome=outcome["label"],
        name=f"tells-{outcome['name'].replace('_', '-')}",
        n_silent=silent,
        as_of=survey.told_as_of,
    )


def _label(fact: FeatureFact) -> str:
    window = queries.window_words(fact.window_days, fact.name)
    return f"{fact.label}, {window}" if window else fact.label


def _numbers(fact: FeatureFact, outcome: str) -> dict[str, float]:
    return {name: fact.told[outcome][name] for name in ("bits", "low", "high", "null_high")}


@require_POST
@permission_required("loyalty.add_job", raise_exception=True)
def features_look(request: HttpRequest) -> HttpResponse:
    _start(request.user)  # type: ignore[arg-type]
    return redirect("features")


@transaction.atomic
def _start(by: User) -> None:
    one_at_a_time(queries.SURVEY_TASK)
    if queries.survey_job() is None:
        job = create_job(task=queries.SURVEY_TASK, label="Look at the features", params={}, by=by, at=timezone.now())
        transaction.on_commit(lambda: wake(job))


@require_GET
def customer(request: HttpRequest, pk: int) -> HttpResponse:
    found = Customer.objects.filter(pk=pk).first()
    if found is None:
        raise Http404("There is no such customer.")
    survey, as_of = queries.newest_survey(), data_horizon() or timezone.now()
    names = list(survey.facts.order_by("pk").values_list("name", flat=True)) if survey else None
    context = {"customer": found, "as_of": as_of, "families": queries.customer_vector(found, as_of=as_of, names=names)}
    return render(request, "loyalty/customer_features.html", context)
