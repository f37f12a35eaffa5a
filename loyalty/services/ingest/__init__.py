"""The one way in: files, calls and the demo's data are staged, checked and written by the same path."""

from loyalty.services.ingest.encodings import ENCODINGS
from loyalty.services.ingest.files import read_file
from loyalty.services.ingest.kinds import Cell, Options, RecordKind
from loyalty.services.ingest.looks import ColumnLook, FileLook, look_at
from loyalty.services.ingest.mappings import Mapping, MappingRefused, check_columns
from loyalty.services.ingest.previews import Preview, PreviewCell, PreviewRow, preview
from loyalty.services.ingest.readings import Format, Reading
from loyalty.services.ingest.registry import kind_named, kinds, register_kind
from loyalty.services.ingest.reports import IngestReport, RowOutcome
from loyalty.services.ingest.rows import FileRefused, Rows, from_table
from loyalty.services.ingest.runs import check_rows, ingest_records, ingest_rows, start_run
from loyalty.services.ingest.suggestions import check_mapping, fitting_mapping, suggest_mapping
from loyalty.services.ingest.templates import template_file
from loyalty.services.ingest.uploads import (
    accept_upload,
    check_file,
    check_run,
    ingest_file,
    keep_draft,
    kept_path,
    mapping_of,
    run_ingest,
)

__all__ = [
    "ENCODINGS",
    "Cell",
    "ColumnLook",
    "FileLook",
    "FileRefused",
    "Format",
    "IngestReport",
    "Mapping",
    "MappingRefused",
    "Options",
    "Preview",
    "PreviewCell",
    "PreviewRow",
    "Reading",
    "RecordKind",
    "RowOutcome",
    "Rows",
    "accept_upload",
    "check_columns",
    "check_file",
    "check_mapping",
    "check_rows",
    "check_run",
    "fitting_mapping",
    "from_table",
    "ingest_file",
    "ingest_records",
    "ingest_rows",
    "keep_draft",
    "kept_path",
    "kind_named",
    "kinds",
    "look_at",
    "mapping_of",
    "preview",
    "read_file",
    "register_kind",
    "run_ingest",
    "start_run",
    "suggest_mapping",
    "template_file",
]
