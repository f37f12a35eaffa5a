"""The campaign builder: goal, audience, offers, schedule and limits, then a review before anything is kept."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.forms import NEW_TYPE, CampaignForm
from campaigns.forms.fields import plain_number
from campaigns.models import Audience, Campaign
from campaigns.queries import planning as queries
from campaigns.queries.campaigns import campaign_types
from campaigns.queries.offers import offer_choice
from campaigns.services.campaigns import CampaignInvalid, create_campaign
from campaigns.services.plans import review_plan
from loyalty.queries.orders import data_horizon

USUAL_DAYS = 28
LIMITS = (
    "uplift_model", "traits_reason", "leave_out_running", "leave_out_segments", "contacts_at_most", "contact_days",
    "equal_by",
)  # fmt: skip


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.add_campaign", raise_exception=True)
def campaign_new(request: HttpRequest) -> HttpResponse:
    now = data_horizon() or timezone.now()
    histories = queries.type_histories(now)
    types = [history.type for history in histories] or campaign_types()
    if request.method != "POST":
        model = queries.campaign_to_copy((_keys(request.GET.getlist("like")) or [0])[0])
        form = CampaignForm(initial=_initial(request.GET, histories, now) | _copied(model), types=types)
        chosen = [offer.pk for offer in model.offers.all()] if model else _keys(request.GET.getlist("offers"))
        return _page(request, form, histories, chosen)
    form = CampaignForm(request.POST, types=types)
    step = request.POST.get("step")
    if step not in ("review", "save") or not form.is_valid():
        is_wrong = step in ("review", "save")
        shown = form if is_wrong else CampaignForm(initial=_typed(request.POST), types=types)
        return _page(request, shown, histories, _keys(request.POST.getlist("offers")))
    return _save(request, form) if step == "save" else _review(request, form)


def _save(request: HttpRequest, form: CampaignForm) -> HttpResponse:
    try:
        campaign = create_campaign(plan=form.plan(), by=request.user, at=timezone.now())  # type: ignore[arg-type]
    except CampaignInvalid as problem:
        messages.error(request, problem.sentence)
        return redirect("campaign-new")
    messages.success(request, "Saved as a draft. Rehearse it to see how it would be received.")
    return redirect(campaign)


def _review(request: HttpRequest, form: CampaignForm) -> HttpResponse:
    typed = [(name, value) for name, values in request.POST.lists() for value in values]
    kept = [(name, value) for name, value in typed if name in form.fields]
    return render(request, "campaigns/review.html", {"review": review_plan(form.plan()), "kept": kept})


def _page(
    request: HttpRequest, form: CampaignForm, histories: list[queries.TypeHistory], chosen: list[int]
) -> HttpResponse:
    text = request.POST.get("offer_text", request.GET.get("offer_text", "")).strip()
    context = {
        "form": form,
        "histories": histories,
        "new_type": NEW_TYPE,
        "choice": offer_choice(text=text, chosen_ids=chosen),
        "horizon": data_horizon(),
        "n_customers": queries.audience_size({"kind": Audience.Kind.EVERYBODY}),
    }
    return render(request, "campaigns/builder.html", context)


@require_GET
@permission_required("campaigns.add_campaign", raise_exception=True)
def offer_picker(request: HttpRequest) -> HttpResponse:
    """The offers chosen so far, and those that match the search."""
    text = request.GET.get("offer_text", "").strip()
    choice = offer_choice(text=text, chosen_ids=_keys(request.GET.getlist("offers")))
    return render(request, "campaigns/offer_picker.html", {"choice": choice})


def _keys(values: list[str]) -> list[int]:
    return [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 19]


def _typed(data: QueryDict) -> dict[str, Any]:
    """What was typed so far, shown again without complaint while offers are being searched."""
    return {name: data.getlist(name) if name == "leave_out_segments" else data[name] for name in data}


def _initial(data: QueryDict, histories: list[queries.TypeHistory], now: datetime) -> dict[str, Any]:
    """The most likely plan: the commonest type, from tomorrow, for as long as such campaigns usually ran."""
    first_day = timezone.localdate(now) + timedelta(days=1)
    days = histories[0].days if histories else USUAL_DAYS
    latest = queries.latest_money()
    return {
        "type": histories[0].type if histories else NEW_TYPE,
        "channel": "mail",
        "audience": Audience.Kind.SEGMENT if data.get("segment") else Audience.Kind.BEST,
        "segment": data.get("segment"),
        "past_campaign": data.get("past_campaign"),
        "starts_on": first_day,
        "ends_on": first_day + timedelta(days=days - 1),
        "cost_per_contact": plain_number(latest.cost_per_contact) if latest else "",
        "margin_percent": _percent(latest) if latest else "",
    }


def _percent(campaign: Campaign) -> str:
    return "" if campaign.margin_share is None else plain_number(campaign.margin_share * 100)


def _copied(model: Campaign | None) -> dict[str, Any]:
    """What a new campaign takes over from the one it should be like: all but its name and dates."""
    if model is None:
        return {}
    rule = queries.rule_to_copy(model)
    money = {name: plain_number(getattr(model, name)) for name in ("cost_per_contact", "budget")}
    return {
        "goal": model.goal,
        "type": model.type,
        "channel": model.channel,
        "audience": rule.get("kind"),
        "segment": rule.get("segment_id"),
        "n_customers": rule.get("n"),
        "past_campaign": rule.get("campaign_id"),
        "n_alike": rule.get("n"),
        "seed_segment": rule.get("seed_segment_id"),
        "seed_campaign": rule.get("seed_campaign_id"),
        "seed_customers": ", ".join(rule.get("seed_customers", [])),
        **{name: rule.get(name) for name in LIMITS},
        "margin_percent": _percent(model),
        **money,
    }
