"""Segments by rule: the builder with its live count, and what is done with a segment."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loyalty.exports import csv_response
from loyalty.queries.paging import keyset_page
from loyalty.tasks import wake
from segments.engine.rules.catalogue import Catalogue
from segments.engine.rules.notation import RuleRefused, read_rule
from segments.engine.rules.words import sentence
from segments.models import Segment, SegmentMembership
from segments.queries import overview
from segments.queries.rules.catalogue import catalogue, catalogue_of, moment_of_rules
from segments.queries.rules.counting import Count, CountStopped, RuleTooCostly, count_members
from segments.queries.rules.suggestions import suggestions
from segments.services import rules as services

LARGEST_BODY = 100_000
MOVE_COLUMNS = ["customer", "came at", "because", "left at", "because"]
EMPTY = {"version": 1, "rule": {"every": []}}


@require_http_methods(["GET", "POST"])
@permission_required("segments.add_segment", raise_exception=True)
def rule_new(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _saved(request, None)
    return _builder(request, None, {"tree": EMPTY, "refresh_hours": 24})


@require_http_methods(["GET", "POST"])
@permission_required("segments.change_segment", raise_exception=True)
def rule_edit(request: HttpRequest, pk: int) -> HttpResponse:
    segment = _by_rule(pk)
    if request.method == "POST":
        return _saved(request, segment)
    rule = segment.rule
    words = {"name": segment.name, "description": segment.description}
    return _builder(request, segment, {**words, "tree": rule.tree, "refresh_hours": rule.refresh_hours})


def _by_rule(pk: int) -> Segment:
    segment = get_object_or_404(Segment.objects.select_related("rule"), pk=pk)
    if not hasattr(segment, "rule"):
        raise Http404("This segment has no rule.")
    return segment


def _builder(
    request: HttpRequest, segment: Segment | None, values: dict[str, Any], problems: dict[str, str] | None = None
) -> HttpResponse:
    moment = moment_of_rules(timezone.now())
    context = {
        "segment": segment,
        "values": values,
        "problems": problems or {},
        "catalogue": _told(catalogue(moment, without=segment.pk if segment else None)),
        "as_of": moment.as_of,
    }
    return render(request, "segments/rule.html", context, status=400 if problems else 200)


def _told(found: Catalogue) -> dict[str, Any]:
    """The catalogue as the builder's script reads it."""
    return {
        "values": [
            {
                "kind": one.kind, "name": one.name, "label": one.label, "unit": one.unit, "family": one.family,
                "type": one.type, "choices": list(one.choices),
            }
            for one in found.values.values()
        ],
        "happenings": [
            {
                "name": one.name,
                "label": one.label,
                "fields": [{"name": field.name, "label": field.label} for field in one.fields],
                "measures": [{"name": m.name, "label": m.label, "unit": m.unit} for m in one.measures],
            }
            for one in found.happenings.values()
        ],
        "segments": [{"id": pk, "name": name} for pk, name in found.segments.items()],
        "consents": [{"purpose": purpose, "channel": channel} for purpose, channel in found.consents],
    }  # fmt: skip


def _saved(request: HttpRequest, segment: Segment | None) -> HttpResponse:
    values = {name: request.POST.get(name, "") for name in ("name", "description", "refresh_hours")}
    tree = _json(request.POST.get("rule", ""))
    hours = values["refresh_hours"]
    plan = services.RulePlan(
        values["name"], tree, values["description"], int(hours) if hours.isascii() and hours.isdigit() else 0
    )
    at = timezone.now()
    try:
        with transaction.atomic():
            if segment is None:
                segment = services.create_segment(plan=plan, by=request.user, at=at)  # type: ignore[arg-type]
            else:
                services.change_segment(segment=segment, plan=plan, by=request.user, at=at)  # type: ignore[arg-type]
            job = services.start_refresh(segment=segment, by=request.user, at=at)  # type: ignore[arg-type]
            transaction.on_commit(lambda: wake(job))
    except services.SegmentRefused as refused:
        problems = {refused.field: str(refused)}
    except (RuleRefused, RuleTooCostly) as refused:
        problems = {"rule": str(refused)}
    else:
        messages.success(request, f"“{segment}” is kept. Who is in it is being looked at now.")
        return redirect(segment)
    return _builder(request, segment, {**values, "tree": tree or EMPTY}, problems)


def _json(text: str) -> Any:
    if len(text) > LARGEST_BODY:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


@require_POST
@permission_required("segments.add_segment", raise_exception=True)
def rule_count(request: HttpRequest) -> JsonResponse:
    """How many customers fit the rule in the body, and the rule in words. A newer call of the same page stops it."""
    tree = _json(request.body.decode(errors="replace"))
    try:
        words = catalogue_of(tree)
        rule = read_rule(tree, words)
        found = count_members(rule, moment_of_rules(timezone.now()), asker=_asker(request))
    except RuleRefused as refused:
        return JsonResponse({"problem": refused.sentence, "place": ".".join(map(str, refused.path))})
    except RuleTooCostly as refused:
        return JsonResponse({"problem": str(refused), "place": ""})
    except CountStopped as stopped:
        return JsonResponse({"problem": str(stopped), "place": ""}, status=409)
    return JsonResponse({"sentence": sentence(rule, words), "count": _in_words(found), "is_exact": found.is_exact})


def _asker(request: HttpRequest) -> str:
    """One page of one person; others with the same word are other people."""
    return f"{request.user.pk} {request.headers.get('X-Page', '')[:32]}"


def _in_words(found: Count) -> str:
    if found.is_exact:
        return f"{found.n:,} of {found.n_customers:,} customers"
    return (
        f"About {found.n:,} of {found.n_customers:,} customers: an estimate from {found.n_looked_at:,} of them, "
        f"surely between {found.low:,} and {found.high:,} (95%)"
    )


@require_GET
@permission_required("segments.add_segment", raise_exception=True)
def rule_suggest(request: HttpRequest) -> JsonResponse:
    kind, field, text = (request.GET.get(name, "") for name in ("kind", "field", "text"))
    found = suggestions(kind, field, text.replace("\0", ""))
    return JsonResponse({"choices": [{"value": value, "told": told} for value, told in found]})


@require_POST
@permission_required("segments.change_segment", raise_exception=True)
def segment_refresh(request: HttpRequest, pk: int) -> HttpResponse:
    segment = _by_rule(pk)
    if segment.frozen_at:
        messages.error(request, "This segment is frozen: its members stay as they are.")
        return redirect(segment)
    with transaction.atomic():
        job = services.start_refresh(segment=segment, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        transaction.on_commit(lambda: wake(job))
    return redirect(job)


@require_POST
@permission_required("segments.add_segment", raise_exception=True)
def segment_duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        copy = services.duplicate_segment(segment=_by_rule(pk), by=request.user, at=timezone.now())  # type: ignore[arg-type]
    except (RuleRefused, RuleTooCostly) as refused:
        messages.error(request, f"It cannot be copied as it is. {refused}")
        return redirect("segment", pk)
    messages.success(request, "This is the copy. Change what should be different and save it.")
    return redirect("segment-rule", copy.pk)


@require_POST
@permission_required("segments.add_segment", raise_exception=True)
def segment_freeze(request: HttpRequest, pk: int) -> HttpResponse:
    frozen = services.freeze_segment(segment=get_object_or_404(Segment, pk=pk), at=timezone.now())
    messages.success(request, f"“{frozen}” keeps those who are in it now.")
    return redirect(frozen)


@require_POST
@permission_required("segments.change_segment", raise_exception=True)
def segment_rename(request: HttpRequest, pk: int) -> HttpResponse:
    segment = get_object_or_404(Segment, pk=pk)
    try:
        services.rename_segment(
            segment=segment, name=request.POST.get("name", ""), description=request.POST.get("description", "")
        )
    except services.SegmentRefused as refused:
        messages.error(request, str(refused))
    return redirect("segment", pk)


@require_POST
@permission_required("segments.change_segment", raise_exception=True)
def segment_delete(request: HttpRequest, pk: int) -> HttpResponse:
    segment = get_object_or_404(Segment, pk=pk, segmentation=None)
    try:
        services.delete_segment(segment=segment)
    except services.SegmentInUse as used:
        messages.error(request, str(used))
        return redirect("segment", pk)
    messages.success(request, f"“{segment.name}” is deleted.")
    return redirect("segments")


@require_GET
def segment_moves(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Who came and who left, when and why."""
    segment = get_object_or_404(Segment, pk=pk)
    if request.GET.get("format") == "csv":
        everybody = overview.movements(segment).order_by("-pk").iterator(chunk_size=5000)
        return csv_response(f"segment-{pk}-moves", MOVE_COLUMNS, (_cells(one) for one in everybody))
    has_left = request.GET.get("show") == "left"
    rows = overview.leavings(segment) if has_left else overview.movements(segment)
    order = "-valid_until" if has_left else "-valid_from"
    context = {
        "segment": segment,
        "has_left": has_left,
        "page": keyset_page(rows, order=order, cursor=request.GET.get("page", "")),
    }
    return render(request, "segments/moves.html", context)


def _cells(one: SegmentMembership) -> list[object]:
    return [one.customer.external_id, one.valid_from, one.entered_because, one.valid_until, one.left_because]
