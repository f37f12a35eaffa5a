"""Numbers, days and moments as people write them, rewritten as the database reads them. Arrow columns in and out.

What does not look like one is left as it is: the check of the cell's shape then refuses it, and names it as it stood.
"""

import pyarrow as pa
import pyarrow.compute as pc

# Signs and blanks that people put around an amount of money.
AROUND_MONEY = r"^[\s\x{00a0}\x{202f}]*([+\-]?)[\s\x{00a0}]*(?:[€$£¥]|EUR|USD|GBP|CHF)?[\s\x{00a0}]*(.*?)" + (
    r"[\s\x{00a0}\x{202f}]*(?:[€$£¥%]|EUR|USD|GBP|CHF)?[\s\x{00a0}\x{202f}]*$"
)
BLANK_GROUPS = r"^([+\-]?\d{1,3})((?:[ '’\x{00a0}\x{202f}]\d{3})+)((?:[.,]\d*)?)$"
TAIL = (
    r"(?P<clock>(?:[T ,]+\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d{1,9})?)?)?)"
    r"\s*(?P<half>(?i:[ap]\.?m\.?)?)\s*(?P<zone>(?:Z|UTC|[+\-]\d{2}(?::?\d{2})?)?)\s*$"
)
DAYS = {
    "ymd": r"^\s*(?P<y>\d{4})(?:[-/.]|)(?P<m>\d{1,2})(?:[-/.]|)(?P<d>\d{1,2})",
    "dmy": r"^\s*(?P<d>\d{1,2})[-/. ]+(?P<m>\d{1,2})[-/. ]+(?P<y>\d{4}|\d{2})",
    "mdy": r"^\s*(?P<m>\d{1,2})[-/. ]+(?P<d>\d{1,2})[-/. ]+(?P<y>\d{4}|\d{2})",
}
CLOCK = r"^[T ,]+(?P<h>\d{1,2})[:.](?P<min>\d{2})(?P<rest>.*)$"
# Of a year in two digits: 69 is 1969, 68 is 2068, as most programs read it.
TURN = "69"
YES = ["y", "t", "ja", "j", "oui", "sí", "si", "wahr", "vrai", "x"]
NO = ["n", "f", "nein", "non", "falsch", "faux"]
UNSURE = "(not written with this decimal sign)"


def as_number(column: pa.Array, decimal: str) -> pa.Array:
    """`1.234,50 €` with a decimal comma, or `$1,234.50` with a point, become 1234.50."""
    bare = pc.replace_substring_regex(column, AROUND_MONEY, r"\1\2")
    closed = pc.replace_substring_regex(bare, BLANK_GROUPS, r"\1\2\3")
    grouped = pc.match_substring_regex(closed, BLANK_GROUPS)
    closed = pc.if_else(grouped, pc.replace_substring_regex(closed, r"[ '’\x{00a0}\x{202f}]", ""), closed)
    group = r"\." if decimal == "," else ","
    in_groups = pc.match_substring_regex(closed, rf"^[+\-]?\d{{1,3}}({group}\d{{3}})+([{decimal}]\d*)?$")
    plain = pc.if_else(in_groups, pc.replace_substring_regex(closed, group, ""), closed)
    if decimal == ".":
        return plain
    # A point that parts no thousands would silently be taken for a decimal point: 1.5 is refused, not guessed.
    other = pc.and_(pc.match_substring(plain, "."), pc.invert(in_groups))
    rewritten = pc.replace_substring(plain, ",", ".")
    return pc.if_else(other, pc.binary_join_element_wise(plain, UNSURE, " "), rewritten)


def as_moment(column: pa.Array, order: str) -> pa.Array:
    """`31.12.2017 8:05` or `12/31/17 8:05 PM` become `2017-12-31 08:05`; a year in front is understood in any order."""
    for shape in dict.fromkeys(("ymd", order)):
        parts = pc.extract_regex(column, DAYS[shape] + TAIL)
        column = pc.if_else(pc.is_valid(parts), _moment(parts), column)
    return column


def as_day(column: pa.Array, order: str) -> pa.Array:
    """The same without the time of day, which spreadsheets add to every date."""
    moments = as_moment(column, order)
    is_moment = pc.match_substring_regex(moments, r"^\d{4}-\d{2}-\d{2}[ T]")
    return pc.if_else(is_moment, pc.utf8_slice_codeunits(moments, 0, 10), moments)


def as_yes_or_no(column: pa.Array) -> pa.Array:
    word = pc.utf8_lower(pc.utf8_trim_whitespace(column))
    column = pc.if_else(pc.is_in(word, pa.array(YES)), "yes", column)
    return pc.if_else(pc.is_in(word, pa.array(NO)), "no", column)


def _moment(parts: pa.StructArray) -> pa.Array:
    year = parts.field("y")
    century = pc.if_else(pc.greater_equal(year, TURN), "19", "20")
    year = pc.if_else(pc.equal(pc.utf8_length(year), 2), pc.binary_join_element_wise(century, year, ""), year)
    month, day = (pc.utf8_lpad(parts.field(name), 2, "0") for name in ("m", "d"))
    clock = _clock(parts.field("clock"), parts.field("half"))
    return pc.binary_join_element_wise(
        pc.binary_join_element_wise(year, month, day, "-"), clock, parts.field("zone"), ""
    )


def _clock(text: pa.Array, half: pa.Array) -> pa.Array:
    """` 08:05` out of ` 8:05`, with the twelve hours of the afternoon added; empty when there is none."""
    parts = pc.extract_regex(text, CLOCK)
    hour = pc.cast(pc.if_else(pc.is_valid(parts), parts.field("h"), "0"), pa.int32())
    is_afternoon = pc.match_substring_regex(half, "^[pP]")
    is_half = pc.not_equal(half, "")
    within = pc.if_else(pc.equal(hour, 12), 0, hour)
    shifted = pc.if_else(is_afternoon, pc.add(within, 12), within)
    # 14:30 PM is left as it stands, so that it is refused.
    hour = pc.if_else(pc.and_(is_half, pc.less_equal(hour, 12)), shifted, pc.if_else(is_half, 99, hour))
    padded = pc.utf8_lpad(pc.cast(hour, pa.string()), 2, "0")
    rest = pc.replace_substring_regex(parts.field("rest"), r"^\.(\d{2})", r":\1")
    made = pc.binary_join_element_wise(" ", padded, ":", parts.field("min"), pc.replace_substring(rest, ",", "."), "")
    return pc.if_else(pc.is_valid(parts), made, "")
