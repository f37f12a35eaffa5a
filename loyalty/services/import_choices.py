"""What the wizard begins with: the choices made before, a saved mapping that fits, or what the names suggest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from loyalty.models import ImportMapping, IngestRun
from loyalty.services.ingest import FileLook, Mapping, RecordKind, fitting_mapping, kind_named, suggest_mapping
from loyalty.services.ingest.returned import REASON


@dataclass(frozen=True)
class BegunMapping:
    """A mapping to change or agree to; `applied` is the saved one it comes from."""

    mapping: Mapping
    applied: ImportMapping | None = None


def begin_mapping(*, run: IngestRun, look: FileLook, saved: Sequence[ImportMapping], asked: str = "") -> BegunMapping:
    """`asked` is the key of a saved mapping; anything else that is not empty asks for a fresh start."""
    kind = kind_named(run.kind)
    wanted = next((one for one in saved if str(one.pk) == asked), None)
    if not asked and run.mapping:
        return BegunMapping(Mapping.from_json(run.mapping))
    told = _without_our_reasons(kind, look)
    applied = wanted or (None if asked else fitting_mapping(kind, told, saved))
    mapping = suggest_mapping(kind, told)
    if applied is not None:
        kept = Mapping.saved(applied)
        mapping = replace(kept, columns=_merged(mapping.columns, kept.columns, told.names))
    if told is not look:
        mapping = replace(mapping, columns={**mapping.columns, REASON: ""})
    return BegunMapping(mapping, applied)


def forget_mapping(*, pk: int) -> str:
    """Delete a saved mapping. Returns its name; nothing when it was gone already."""
    found = ImportMapping.objects.filter(pk=pk).first()
    if found is None:
        return ""
    found.delete()
    return found.name


def _merged(suggested: dict[str, str], kept: dict[str, str], names: Sequence[str]) -> dict[str, str]:
    """What was kept counts; columns that it does not know are taken from the suggestion, if that place is free."""
    taken = {ours for name, ours in kept.items() if name in names}
    free = {name: ours for name, ours in suggested.items() if ours not in taken}
    return {name: kept.get(name, free.get(name, "")) for name in names if name in kept or name in free}


def _without_our_reasons(kind: RecordKind, look: FileLook) -> FileLook:
    """Rows that we gave back come with a column of ours, which says why; it is nothing of the shop's."""
    if REASON not in look.names or REASON in kind.names:
        return look
    return replace(look, columns=tuple(column for column in look.columns if column.name != REASON))
