"""What came in, and what did not."""

from collections.abc import Iterator

from django.db.models import QuerySet

from loyalty.models import IngestRun, RejectedRow


def import_list() -> QuerySet[IngestRun]:
    return IngestRun.objects.select_related("started_by", "job")


def import_page(pk: int) -> IngestRun | None:
    return import_list().filter(pk=pk).first()


def newest_import() -> IngestRun | None:
    return import_list().first()


def rejected_rows(run: IngestRun) -> QuerySet[RejectedRow]:
    """By line, as the file has them."""
    return RejectedRow.objects.filter(run=run)


def rejected_cells(run: IngestRun) -> Iterator[tuple[int, str, str, str]]:
    """Line, column, value and reason of every refused row, read as they are written out."""
    return rejected_rows(run).values_list("line", "column", "value", "reason").iterator(chunk_size=5000)
