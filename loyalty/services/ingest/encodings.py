"""In which letters a text file is written: told by its mark, proved over all of it, or guessed from what is odd."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from charset_normalizer import from_bytes

from loyalty.services.ingest.packed import open_bytes
from loyalty.services.ingest.rows import FileRefused

# What a person may choose. Others are no encodings of letters, or can be made to run away.
ENCODINGS = {
    "utf-8-sig": "Unicode (UTF-8)",
    "utf-16": "Unicode (UTF-16)",
    "utf-16-le": "Unicode (UTF-16, little-endian)",
    "utf-16-be": "Unicode (UTF-16, big-endian)",
    "utf-32": "Unicode (UTF-32)",
    "cp1252": "Western European (Windows-1252)",
    "iso8859_15": "Western European (ISO 8859-15)",
    "cp850": "Western European (DOS 850)",
    "mac_roman": "Western European (Macintosh)",
    "cp1250": "Central European (Windows-1250)",
    "iso8859_2": "Central European (ISO 8859-2, Latin 2)",
    "cp1257": "Baltic (Windows-1257)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1253": "Greek (Windows-1253)",
    "cp1251": "Cyrillic (Windows-1251)",
    "koi8_r": "Cyrillic (KOI8-R)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "cp932": "Japanese (Shift-JIS)",
    "euc_jp": "Japanese (EUC-JP)",
    "gb18030": "Chinese, simplified (GB 18030)",
    "big5": "Chinese, traditional (Big5)",
    "euc_kr": "Korean (EUC-KR)",
}
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UNICODE = "utf-8-sig"
FALLBACK = "cp1252"
# Letters beyond ASCII stand alone among others in these, and side by side in those.
SCATTERED = ("cp1252", "cp1250", "iso8859_2", "cp1254", "mac_roman")
CLUSTERED = ("cp932", "euc_jp", "euc_kr", "gb18030", "big5", "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256")
CLUSTERED_FROM = 0.5
# Of two encodings about equally likely, the one more people use.
ABOUT = 0.03
BLOCK_BYTES = 1 << 20
ODD_BYTES = 1 << 15
NOT_A_TABLE = "This is not a table: choose a CSV, Excel or Parquet file."


def encoding_of(path: Path, sample: bytes) -> str:
    """The encoding in which every byte of the file can be read; the likeliest when there is none."""
    for mark, name in MARKS:
        if sample.startswith(mark):
            return name
    if b"\0" in sample:
        return _wide(sample)
    if can_be_read(path, UNICODE):
        return UNICODE
    odd = _odd_bytes(path)
    return next((name for name in _likely(odd) if can_be_read(path, name)), FALLBACK)


def can_be_read(path: Path, encoding: str) -> bool:
    """Whether every byte of the file means something in this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with open_bytes(path) as file:
        try:
            while block := file.read(BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def known_encoding(name: str) -> str:
    """The name of an encoding that a person chose, as we write it. Raises FileRefused."""
    try:
        canonical = codecs.lookup(name).name
    except (LookupError, ValueError):
        canonical = ""
    for ours in ENCODINGS:
        if codecs.lookup(ours).name == canonical:
            return ours
    if canonical == "utf-8":
        return UNICODE
    if canonical == "iso8859-1":
        return FALLBACK
    raise FileRefused(f"There is no encoding “{name[:32]}” to choose. Choose one of: {', '.join(ENCODINGS)}.")


def _wide(sample: bytes) -> str:
    """UTF-16 without a mark has a zero beside every plain letter; anything else with zeros is no text."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    text = sample[: len(sample) // 2 * 2].decode(encoding, "replace")
    if min(even, odd) or max(even, odd) < len(text) // 4 or not all(map(_may_stand_in_text, text)):
        raise FileRefused(NOT_A_TABLE)
    return encoding


def _may_stand_in_text(letter: str) -> bool:
    return letter >= " " or letter in "\t\r\n"


def _odd_bytes(path: Path) -> bytes:
    """The lines that hold anything beyond ASCII, up to a bound: the others say nothing about the encoding."""
    found = bytearray()
    for line in _pieces(path):
        if not line.isascii():
            found += line
        if len(found) >= ODD_BYTES:
            break
    return bytes(found[:ODD_BYTES])


def _pieces(path: Path) -> Iterator[bytes]:
    with open_bytes(path) as file:
        while line := file.readline(BLOCK_BYTES):
            yield line


def _likely(odd: bytes) -> list[str]:
    """Encodings of the right family, the likeliest first."""
    family = CLUSTERED if _clustered_share(odd) >= CLUSTERED_FROM else SCATTERED
    matches = from_bytes(odd, cp_isolation=list(family), threshold=0.9, enable_fallback=False)
    chaos = {name: match.chaos for match in matches for name in match.could_be_from_charset}
    chaos = {name: value for name, value in chaos.items() if name in family}
    if not chaos:
        return [*family, FALLBACK]
    best = min(chaos.values())
    near = [name for name in family if name in chaos and chaos[name] <= best + ABOUT]
    rest = sorted((name for name in chaos if name not in near), key=lambda name: chaos[name])
    return [*near, *rest, FALLBACK]


def _clustered_share(odd: bytes) -> float:
    """Of the bytes beyond ASCII, the share that stands beside another one."""
    high = [byte > 127 for byte in odd]
    beside = sum(
        1
        for before, here, after in zip([False, *high], high, [*high[1:], False], strict=False)
        if here and (before or after)
    )
    return beside / max(sum(high), 1)
