"""The one way in: files, calls and the demo's data are staged, checked and written by the same path."""

from loyalty.services.ingest.files import read_file
from loyalty.services.ingest.kinds import Options, RecordKind
from loyalty.services.ingest.registry import kind_named, kinds, register_kind
from loyalty.services.ingest.reports import IngestReport, RowOutcome
from loyalty.services.ingest.rows import FileRefused, Rows, from_table
from loyalty.services.ingest.runs import ingest_records, ingest_rows, start_run
from loyalty.services.ingest.templates import template_file
from loyalty.services.ingest.uploads import accept_upload, ingest_file, run_ingest

__all__ = [
    "FileRefused",
    "IngestReport",
    "Options",
    "RecordKind",
    "RowOutcome",
    "Rows",
    "accept_upload",
    "from_table",
    "ingest_file",
    "ingest_records",
    "ingest_rows",
    "kind_named",
    "kinds",
    "read_file",
    "register_kind",
    "run_ingest",
    "start_run",
    "template_file",
]
