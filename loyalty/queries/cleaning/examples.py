"""The records behind a finding, as people know them: the order and the product, not our keys."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from loyalty.models import Customer, DataFlag, FlagDecision, Interaction, Order, OrderLine, Product

# What the kinds of lines look like that are counted and not flagged.
LINE_CONDITIONS = {
    "nobody": Q(order__customer=None),
    "unknown-product": Q(product__is_catalogued=False),
    "return": Q(quantity__lt=0, amount__lt=0),
    "gift": Q(quantity__gt=0, amount=0),
    "correction": Q(quantity__lt=0, amount=0),
    "adjustment": Q(quantity__gt=0, amount__lt=0) | Q(quantity__lt=0, amount__gt=0) | Q(quantity=0) & ~Q(amount=0),
    "nothing": Q(quantity=0, amount=0),
}


@dataclass(frozen=True)
class Example:
    """One record behind a finding: what it is called, where to look at it, what else it is about, what is odd."""

    name: str
    url: str
    detail: str
    reason: str
    flag: DataFlag | None = None
    verdict: str = ""

    @property
    def unit(self) -> str:
        """The unit that a product is probably measured in."""
        return Product.Unit(self.flag.suggestion).label if self.flag and self.flag.suggestion else ""


def flags_of(check: str) -> QuerySet[DataFlag]:
    return DataFlag.objects.filter(check_name=check)


def undecided_flags() -> QuerySet[DataFlag]:
    """Findings that wait for somebody's word."""
    decided = FlagDecision.objects.filter(
        check_name=OuterRef("check_name"), table=OuterRef("table"), record_id=OuterRef("record_id")
    )
    waiting = DataFlag.objects.filter(~Exists(decided), check_name__in=DataFlag.DECIDED_BY_PEOPLE)
    return waiting.order_by("check_name", "pk")


def lines_of(kind: str, *, as_of: Any) -> QuerySet[OrderLine]:
    """The lines of one kind that a report of that moment has counted."""
    found = OrderLine.objects.filter(LINE_CONDITIONS[kind], order__ordered_at__lt=as_of)
    return found.select_related("order", "product")


def line_examples(lines: Iterable[OrderLine]) -> list[Example]:
    return [_line(line, "") for line in lines]


def flag_examples(flags: Iterable[DataFlag]) -> list[Example]:
    """Flags with their records, read table by table; a record that is gone since is called by its number."""
    flags = list(flags)
    known = _records(flags)
    verdicts = _verdicts(flags)
    return [_told(flag, known.get((flag.table, flag.record_id)), verdicts.get(_key(flag), "")) for flag in flags]


def _key(flag: DataFlag | FlagDecision) -> tuple[str, str, int]:
    return flag.check_name, flag.table, flag.record_id


def _verdicts(flags: list[DataFlag]) -> dict[tuple[str, str, int], str]:
    decided = FlagDecision.objects.filter(record_id__in=[flag.record_id for flag in flags])
    return {_key(one): one.verdict for one in decided}


def _records(flags: list[DataFlag]) -> dict[tuple[str, int], Any]:
    wanted = defaultdict(list)
    for flag in flags:
        wanted[flag.table].append(flag.record_id)
    tables: dict[str, QuerySet[Any]] = {
        "orderline": OrderLine.objects.select_related("order", "product"),
        "order": Order.objects.select_related("customer"),
        "customer": Customer.objects.all(),
        "product": Product.objects.all(),
        "interaction": Interaction.objects.select_related("customer"),
    }
    return {(table, row.pk): row for table, ids in wanted.items() for row in tables[table].filter(pk__in=ids)}


def _told(flag: DataFlag, record: Any, verdict: str) -> Example:
    found = _named(flag, record)
    return Example(found.name, found.url, found.detail, flag.reason, flag, verdict)


def _named(flag: DataFlag, record: Any) -> Example:
    if isinstance(record, OrderLine):
        return _line(record, flag.reason)
    if isinstance(record, Order):
        url = record.customer.get_absolute_url() if record.customer else ""
        return Example(f"Order {record.external_id}", url, f"{record.ordered_at:%-d %b %Y}", flag.reason)
    if isinstance(record, Product):
        return Example(str(record), record.get_absolute_url(), record.sku, flag.reason)
    if isinstance(record, Customer):
        return Example(str(record), record.get_absolute_url(), record.external_id, flag.reason)
    if isinstance(record, Interaction):
        return Example(record.type, "", f"{record.occurred_at:%-d %b %Y}", flag.reason)
    return Example(f"Number {flag.record_id}", "", "No longer there", flag.reason)


def _line(line: OrderLine, reason: str) -> Example:
    told = f"{line.quantity.normalize():,f} for {line.amount:,.2f} {line.order.currency}"
    return Example(
        f"Order {line.order.external_id}, line {line.line_number}",
        line.product.get_absolute_url(),
        str(line.product),
        reason or told,
    )


def flag_cells(check: str) -> Iterator[tuple[str, str, str, str]]:
    """Record, what it is about, what is odd, what was decided, of every flag of a check, read as it is written."""
    flags = flags_of(check).order_by("pk")
    for chunk in _chunks(flags.iterator(chunk_size=2_000)):
        for one in flag_examples(chunk):
            yield one.name, one.detail, one.reason, one.verdict


def line_cells(kind: str, *, as_of: Any) -> Iterator[tuple[str, str, str, str]]:
    lines = lines_of(kind, as_of=as_of).order_by("pk")
    for line in lines.iterator(chunk_size=2_000):
        one = _line(line, "")
        yield one.name, one.detail, one.reason, ""


def _chunks(flags: Iterable[DataFlag], size: int = 2_000) -> Iterator[list[DataFlag]]:
    chunk: list[DataFlag] = []
    for flag in flags:
        chunk.append(flag)
        if len(chunk) == size:
            yield chunk
            chunk = []
    yield chunk
