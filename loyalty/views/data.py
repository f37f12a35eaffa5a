"""What the shop has brought in, and how complete it is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from loyalty.charts.audit import gaps_chart, orders_chart
from loyalty.queries import imports as queries
from loyalty.queries.audit import data_audit
from loyalty.services.ingest import kinds
from loyalty.tasks import freshen_sales


@require_GET
def data(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    freshen_sales(at=now)
    audit = data_audit(list(dict.fromkeys(part.model for kind in kinds() for part in kind.parts)))
    context = {
        "imports": queries.newest_imports({kind.name: kind.label for kind in kinds()}),
        "audit": audit,
        "intake": queries.intake(),
        "charts": [orders_chart(audit.weeks, as_of=audit.added_up_at), gaps_chart(audit.gaps, as_of=now)]
        if audit.weeks
        else [],
        "now": now,
    }
    return render(request, "loyalty/data.html", context)
