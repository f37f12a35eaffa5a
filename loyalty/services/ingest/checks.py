"""What the whole file says, checked set by set: shapes, references, the same key twice."""

from loyalty.services.ingest.aliases import follow_aliases
from loyalty.services.ingest.cells import StagedCell, literal
from loyalty.services.ingest.kinds import Column, Part, Reference
from loyalty.services.ingest.rows import LINE, PREFIX, RECORD, follows
from loyalty.services.ingest.staging import CLEAN, PROBLEMS, RAW, Staging

VALUE_LENGTH = 200
REASON_LENGTH = 300
REFUSED = f"EXISTS (SELECT FROM {PROBLEMS} p WHERE p.line = s.{LINE})"


def check(rows: Staging) -> None:
    """Fill the table of clean rows; whatever cannot be taken is written down with its reason."""
    _check_shapes(rows)
    _clean(rows)
    follow_aliases(rows)
    _check_worked_out(rows)
    _check_references(rows)
    _check_rules(rows)
    for part in rows.kind.parts:
        if not part.only_updates:
            _check_repeats(rows, part)
    if rows.scalar(f"SELECT EXISTS (SELECT FROM {PROBLEMS})"):
        _leave_out_torn_groups(rows)
        rows.run(f"DELETE FROM {CLEAN} s WHERE {REFUSED}")


def _check_shapes(rows: Staging) -> None:
    """One pass over all rows and cells; the sentences are made for the few that need one."""
    wrong = " OR ".join(cell.is_wrong() for cell in rows.cells)
    told = ", ".join(
        f"({rows.told(cell.column.name)}, left({cell.raw}::text, {VALUE_LENGTH}), {cell.problem()})"
        for cell in rows.cells
    )
    rows.run(
        f"INSERT INTO {PROBLEMS} SELECT s.{LINE}, {rows.place()}, f.name, f.value, left(f.reason, {REASON_LENGTH}) "
        f"FROM {RAW} s CROSS JOIN LATERAL (VALUES {told}) f(name, value, reason) "
        f"WHERE ({wrong}) AND f.reason IS NOT NULL AND NOT {REFUSED}"
    )


def _clean(rows: Staging) -> None:
    """Typed values, and the id of each row that a reference names."""
    kept = [f"s.{LINE}"] + ([f"s.{RECORD}", f"s.{PREFIX}"] if rows.rows.is_nested else [])
    typed = {cell.column.name: _value(rows, cell) for cell in rows.cells}
    values = [f'{value} AS "{name}"' for name, value in typed.items()]
    absent = [
        f'{_absent(rows, column, typed)} AS "{column.name}"'
        for column in rows.kind.columns
        if column.name not in rows.rows.names and rows.has(column.name)
    ]
    ids, joins = [], []
    for number, cell in enumerate(rows.cells):
        if (reference := cell.column.reference) is not None and not reference.also_in:
            ids.append(f'r{number}.id AS "{cell.column.name}__id"')
            table = reference.model._meta.db_table
            joins.append(f'LEFT JOIN {table} r{number} ON r{number}."{reference.key}" = {cell.text}')
    columns = ", ".join([*kept, *values, *absent, *ids])
    rows.run(f"CREATE TEMP TABLE {CLEAN} AS SELECT {columns} FROM {RAW} s {' '.join(joins)} WHERE NOT {REFUSED}")
    rows.run(f"ANALYZE {CLEAN}")


def _value(rows: Staging, cell: StagedCell) -> str:
    return f"COALESCE({cell.value()}, {_worked_out(rows, cell.column)})" if cell.follows else cell.value()


def _absent(rows: Staging, column: Column, typed: dict[str, str]) -> str:
    return column.sql_when_absent(typed) if column.when_absent else _worked_out(rows, column)


def _worked_out(rows: Staging, column: Column) -> str:
    assert column.derived is not None
    numbers = {cell.column.name: cell.number for cell in rows.cells}
    return column.derived.sql.format(**numbers)


def _check_worked_out(rows: Staging) -> None:
    """A cell that had to be worked out may come to nothing, or to more than the table holds."""
    for column in rows.kind.columns:
        if not follows(column, rows.rows.names) or column.derived is None:
            continue
        low, high = StagedCell(column, "numeric", rows.options.zone).limits
        needs = " and ".join(column.derived.needs)
        empty = f"Fill in {column.name}, or {needs}: every row needs it."
        beyond = f"{needs} together make more than can be kept. This must be between {low:,} and {high:,}."
        value = f's."{column.name}"'
        rows.run(
            f"INSERT INTO {PROBLEMS} SELECT s.{LINE}, {rows.place()}, {rows.told(column.name)}, {value}::text, "
            f"CASE WHEN {value} IS NULL THEN {literal(empty)} ELSE {literal(beyond)} END FROM {CLEAN} s "
            f"WHERE {value} IS NULL OR {value} NOT BETWEEN {low!r} AND {high!r}"
        )


def _check_references(rows: Staging) -> None:
    for column in rows.columns:
        reference = column.reference
        if reference is not None and not reference.is_implied(rows.options):
            _check_reference(rows, column, reference)


def _check_reference(rows: Staging, column: Column, reference: Reference) -> None:
    name = column.name
    unknown = f's."{name}__id" IS NULL'
    if reference.also_in:
        table = reference.model._meta.db_table
        unknown = (
            f'NOT EXISTS (SELECT FROM {table} r WHERE r."{reference.key}" = s."{name}") '
            f'AND NOT EXISTS (SELECT FROM {CLEAN} o WHERE o."{reference.also_in}" = s."{name}")'
        )
    reason = f"There is no {reference.noun} with this key. Import the {reference.noun} first, or correct the key."
    rows.run(
        f"INSERT INTO {PROBLEMS} "
        f'SELECT s.{LINE}, {rows.place()}, {rows.told(name)}, left(s."{name}", {VALUE_LENGTH}), {literal(reason)} '
        f'FROM {CLEAN} s WHERE s."{name}" IS NOT NULL AND {unknown}'
    )


def _check_rules(rows: Staging) -> None:
    for rule in rows.kind.rules:
        if all(rows.has(name) for name in rule.needs):
            rows.run(
                f"INSERT INTO {PROBLEMS} SELECT s.{LINE}, {rows.place()}, {rows.told(rule.column)}, "
                f's."{rule.column}"::text, {literal(rule.reason)} FROM {CLEAN} s WHERE {rule.wrong}'
            )


def repeats_table(rows: Staging, part: Part) -> str:
    return f"ingest_repeats_{rows.kind.parts.index(part)}"


def _check_repeats(rows: Staging, part: Part) -> None:
    """A key may stand there again with the same values, which is harmless; with other values one of them is wrong."""
    keys = ", ".join(f's."{name}"' for name in part.key)
    if part is rows.kind.main and _all_differ(rows, keys):
        return
    rows.repeated.add(part)
    values = ", ".join(f's."{name}"' for name in part.all_columns if rows.has(name) and name not in part.key)
    if _find_repeats(rows, part, values) and part.moment:
        _settle_moments(rows, part)
        _find_repeats(rows, part, values)
    if rows.scalar(f"SELECT EXISTS (SELECT FROM {repeats_table(rows, part)} WHERE differs)"):
        _tell_repeats(rows, part, values)


def _find_repeats(rows: Staging, part: Part, values: str) -> bool:
    """Keep the keys that stand there more than once; return whether any of them comes with different values."""
    table = repeats_table(rows, part)
    keys = ", ".join(f's."{name}"' for name in part.key)
    mark = f"hash_record_extended(ROW({values}), 0)" if values else "0"
    rows.run(f"DROP TABLE IF EXISTS pg_temp.{table}")
    rows.run(
        f"CREATE TEMP TABLE {table} AS SELECT {keys}, min(s.{LINE}) AS first_line, "
        f"min(s.mark) <> max(s.mark) AS differs FROM (SELECT s.*, {mark} AS mark FROM {CLEAN} s) s "
        f"GROUP BY {keys} HAVING count(*) > 1"
    )
    rows.run(f"ANALYZE {table}")
    return bool(rows.scalar(f"SELECT EXISTS (SELECT FROM {table} WHERE differs)"))


def _settle_moments(rows: Staging, part: Part) -> None:
    """A till may write each line of an order with its own minute: within one day the earliest stands for all."""
    keys = ", ".join(f's."{name}"' for name in part.key)
    moment, zone = f's."{part.moment}"', f"AT TIME ZONE {literal(rows.options.zone)}"
    same = " AND ".join(f'g."{name}" = s."{name}"' for name in part.key)
    n_settled = rows.scalar(
        f"WITH g AS (SELECT {keys}, min({moment}) AS first FROM {CLEAN} s GROUP BY {keys} "
        f"HAVING min({moment}) <> max({moment}) AND (min({moment}) {zone})::date = (max({moment}) {zone})::date), "
        f'settled AS (UPDATE {CLEAN} s SET "{part.moment}" = g.first FROM g WHERE {same} AND {moment} <> g.first '
        f"RETURNING {keys}) SELECT count(*) FROM (SELECT DISTINCT * FROM settled) one"
    )
    if n_settled:
        meta = part.model._meta
        who = f"1 {meta.verbose_name} holds" if n_settled == 1 else f"{n_settled:,} {meta.verbose_name_plural} hold"
        rows.notes.append(f"{who} several times of one day; the earliest was taken.")


def _all_differ(rows: Staging, keys: str) -> bool:
    """Whether no key stands there twice. Counting numbers made of the keys is much cheaper than grouping the keys;
    two keys that make the same number only cost the longer way."""
    number = f"hash_record_extended(ROW({keys}), 0)"
    return bool(rows.scalar(f"SELECT count(DISTINCT {number}) = count(*) FROM {CLEAN} s"))


def _tell_repeats(rows: Staging, part: Part, values: str) -> None:
    key = part.key[-1]
    same = " AND ".join(f'g."{name}" = s."{name}"' for name in part.key)
    first = values.replace('s."', 'o."')
    what = "Record " if rows.rows.is_nested else "Line "
    advice = f" gives other values for the same {' and '.join(part.key)}. Keep one of them."
    rows.run(
        f"INSERT INTO {PROBLEMS} "
        f'SELECT s.{LINE}, {rows.place()}, {rows.told(key)}, left(s."{key}"::text, {VALUE_LENGTH}), '
        f"{literal(what)} || {rows.place('o')} || {literal(advice)} "
        f"FROM {CLEAN} s JOIN {repeats_table(rows, part)} g ON g.differs AND {same} "
        f"JOIN {CLEAN} o ON o.{LINE} = g.first_line "
        f"WHERE s.{LINE} <> o.{LINE} AND ROW({values}) IS DISTINCT FROM ROW({first})"
    )


def _leave_out_torn_groups(rows: Staging) -> None:
    """Rows that form one order stand or fall together: half an order would be a wrong order."""
    if not rows.kind.group:
        return
    if rows.rows.is_nested:
        rows.run(f"DELETE FROM {CLEAN} s WHERE EXISTS (SELECT FROM {PROBLEMS} p WHERE p.place = s.{RECORD})")
        return
    key, group = rows.kind.parts[0].key[0], rows.kind.group
    before = literal(f"Another row of this {group} (line ")
    after = literal(f") was refused, so the whole {group} waits. Correct that row and upload the {group} again.")
    rows.run(
        f"INSERT INTO {PROBLEMS} "
        f'SELECT s.{LINE}, {rows.place()}, {rows.told(key)}, left(s."{key}", {VALUE_LENGTH}), '
        f"{before} || torn.place || {after} FROM {CLEAN} s JOIN ("
        f'SELECT btrim(r."{key}") AS name, min(p.place) AS place '
        f"FROM {PROBLEMS} p JOIN {RAW} r ON r.{LINE} = p.line GROUP BY 1"
        f') torn ON torn.name = s."{key}" WHERE NOT {REFUSED}'
    )
