"""What the first page tells: how the shop does, what campaigns did, what is in order and what is still missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from campaigns.models import AudienceMember, Campaign, Redemption, Simulation
from campaigns.queries.campaigns import SENT_STATES, Reception, campaign_list, receptions, with_reception
from loyalty.charts.sales import Mark, Takings
from loyalty.models import IngestRun, Job
from loyalty.queries.sales import Sales, first_sale_at, sales_between, sales_by_week
from recommender.models import ModelVersion
from segments.models import Segmentation

SPANS = {7: "7 days", 28: "4 weeks", 91: "3 months"}
WEEKS_SHOWN = 52
RECENT_CAMPAIGNS = 6
FAILED_STATES = (Job.State.FAILED, Job.State.DEAD)
LAUNCHED_STATES = (Campaign.State.APPROVED, Campaign.State.SCHEDULED, *SENT_STATES)


@dataclass(frozen=True)
class Redeeming:
    """Of the customers whom a campaign reached in a span of time, how many took an offer then."""

    n_reached: int
    n_took: int

    @property
    def share(self) -> float | None:
        return self.n_took / self.n_reached if self.n_reached else None


@dataclass(frozen=True)
class Period:
    """One span of time, `[since, until)`."""

    since: datetime
    until: datetime
    sales: Sales
    redeeming: Redeeming


@dataclass(frozen=True)
class Comparison:
    """A span of time and the one of the same length before it."""

    now: Period
    before: Period

    @property
    def last_day(self) -> date:
        return _day(self.now.until - timedelta(seconds=1))

    def change(self, name: str) -> float | None:
        """Relative change of a figure of the sales."""
        return _change(getattr(self.now.sales, name), getattr(self.before.sales, name))

    @property
    def changes(self) -> dict[str, float | None]:
        names = ("revenue", "n_orders", "n_customers", "average_order_value")
        return {**{name: self.change(name) for name in names}, "took_share": self.took_change}

    @property
    def took_change(self) -> float | None:
        return _change(self.now.redeeming.share, self.before.redeeming.share)


def _change(now: object, before: object) -> float | None:
    if now is None or not before:
        return None
    return float(now) / float(before) - 1  # type: ignore[arg-type]


@dataclass(frozen=True)
class Step:
    """One thing to do at the start."""

    title: str
    text: str
    url_name: str
    is_done: bool


@dataclass(frozen=True)
class Health:
    """Whether data and models are in order."""

    newest_import: IngestRun | None
    versions: Sequence[ModelVersion]
    segmentation: Segmentation | None
    n_failed_jobs: int
    failed_since: datetime


def last_midnight(horizon: datetime) -> datetime:
    """The newest midnight in the shop's time zone: a begun day beside whole ones would look like a slump."""
    return timezone.make_aware(datetime.combine(timezone.localtime(horizon).date(), time()))


def comparison(until: datetime, days: int) -> Comparison:
    span = timedelta(days=days)
    return Comparison(_period(until - span, until), _period(until - 2 * span, until - span))


def _period(since: datetime, until: datetime) -> Period:
    return Period(since, until, sales_between(since, until), _redeeming(since, until))


def _redeeming(since: datetime, until: datetime) -> Redeeming:
    open_then = Campaign.objects.filter(state__in=SENT_STATES, starts_at__lt=until, ends_at__gt=since)
    reached = AudienceMember.objects.filter(audience__campaigns__in=open_then).values("customer").distinct()
    took = Redemption.objects.filter(campaign__in=open_then, redeemed_at__gte=since, redeemed_at__lt=until)
    return Redeeming(reached.count(), took.filter(customer__in=reached).values("customer").distinct().count())


def weeks_until(until: datetime) -> list[Takings]:
    """Whole weeks only: a begun one always looks like a slump."""
    monday = timezone.localtime(until)
    monday -= timedelta(days=monday.weekday())
    weeks = [Takings(*week) for week in sales_by_week(monday - timedelta(weeks=WEEKS_SHOWN), monday)]
    opened = first_sale_at()
    return [week for week in weeks if opened and week.starts_on >= _day(opened)]


def campaign_marks() -> list[Mark]:
    sent = Campaign.objects.filter(state__in=SENT_STATES).order_by("starts_at")
    return [Mark(one.name, _day(one.starts_at), _day(one.ends_at - timedelta(seconds=1))) for one in sent]


def _day(moment: datetime) -> date:
    return timezone.localtime(moment).date()


def recent_receptions(now: datetime) -> list[Reception]:
    return receptions(with_reception(campaign_list())[:RECENT_CAMPAIGNS], now=now)


def health(at: datetime) -> Health:
    since = at - timedelta(days=7)
    versions = ModelVersion.objects.filter(alias=ModelVersion.Alias.CHAMPION).order_by("purpose")
    current = Segmentation.objects.filter(is_current=True).first()
    failed = Job.objects.filter(parent=None, state__in=FAILED_STATES, created_at__gte=since)
    return Health(IngestRun.objects.first(), list(versions), current, failed.count(), since)


def checklist(has_orders: bool) -> list[Step]:
    """The way from nothing to a launched campaign. Campaigns that were imported were not made here."""
    launched = Campaign.objects.filter(state__in=LAUNCHED_STATES, created_by__isnull=False).exists()
    return [
        Step("Import", "Bring in customers, products and orders.", "data", has_orders),
        Step(
            "Segment",
            "Let groups of customers who buy alike be found.",
            "segments",
            Segmentation.objects.filter(is_current=True).exists(),
        ),
        Step("Simulate", "Rehearse a campaign and see its forecast.", "campaigns", Simulation.objects.exists()),
        Step("Launch", "Build a campaign and have a colleague approve it.", "campaign-new", launched),
    ]
