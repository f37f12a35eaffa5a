"""In which letters a text file is written: told by its mark, proved over all of it, or guessed from what is odd."""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import pairwise, starmap
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
# Those that are guessed, the ones more people use first.
GUESSED = (
    "cp1252", "cp932", "cp1251", "gb18030", "cp1250", "iso8859_2", "euc_jp", "euc_kr", "big5", "koi8_r", "cp1253",
    "cp1254", "cp1255", "cp1256", "mac_roman",
)  # fmt: skip
# Of two encodings about equally likely, the one more people use.
ABOUT = 0.03
CHAOS_WEIGHT = 0.25
# Scripts that do stand in one word.
JAPANESE = {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}
# Ђ alone behind a price is a € in another encoding.
LONELY = re.compile(r"(?<!\w)[^\W\d_\x00-\x7f](?!\w)")
# Dashes and quotation marks do stand beside letters.
BESIDE_LETTERS = "°¿¡‐‑‒–—―‘’‚“”„†•…«»"
BLOCK_BYTES = 1 << 20
ODD_BYTES = 1 << 13
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
    """The likeliest first."""
    matches = from_bytes(odd, cp_isolation=list(GUESSED), threshold=0.9, enable_fallback=False)
    chaos = {name: match.chaos for match in matches for name in match.could_be_from_charset if name in GUESSED}
    worth = {name: CHAOS_WEIGHT * value + _strangeness(odd.decode(name, "replace")) for name, value in chaos.items()}
    best = min(worth.values(), default=0.0)
    near = [name for name in GUESSED if name in worth and worth[name] <= best + ABOUT]
    rest = sorted((name for name in worth if name not in near), key=lambda name: worth[name])
    return [*near, *rest, FALLBACK]


def _strangeness(text: str) -> float:
    """How much stands beside each other that does not in words: two scripts, a sign amid letters, aB. Per letter."""
    lonely = sum(_script(letter) not in JAPANESE for letter in LONELY.findall(text))
    strange = sum(starmap(_is_strange, pairwise(text))) + 0.5 * lonely
    return strange / max(sum(letter > "\x7f" for letter in text), 1)


def _is_strange(before: str, here: str) -> float:
    if before <= "\x7f" and here <= "\x7f":
        return 0.0
    if unicodedata.category(here) in ("Cc", "Co", "Cn") and here > "\x7f":
        return 1.0
    scripts = {_script(before), _script(here)}
    if "" in scripts:
        sign = here if _script(before) else before
        return float(len(scripts) > 1 and sign > "\xa0" and sign not in BESIDE_LETTERS)
    if len(scripts) > 1:
        return float(not scripts <= JAPANESE)
    both_odd = scripts == {"LATIN"} and before > "\x7f" and here > "\x7f"
    return 0.5 * both_odd + float(before.islower() and here.isupper())


@cache
def _script(letter: str) -> str:
    """LATIN, CYRILLIC, CJK …; empty for what is no letter."""
    return unicodedata.name(letter, "").partition(" ")[0] if letter.isalpha() else ""
