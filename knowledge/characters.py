"""Bytes to text: encodings, line ends, and characters that nobody sees."""

from __future__ import annotations

import re
import unicodedata

import charset_normalizer

from knowledge.errors import UnreadableFileError

# Controls, zero-width and direction marks, surrogates, tags: unseen, they hide text or break a search.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def clean(text: str) -> str:
    """`text` with line feeds only, composed (NFC), and without characters that nobody sees."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFC", _LINE_END.sub("\n", text)))


def decode(data: bytes, name: str, declared: str | None = None) -> str:
    """The text of `data`: by its byte order mark, as UTF-8, as declared, else as what is likeliest."""
    marked = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    if marked or b"\0" not in data:
        for encoding in (marked,) if marked else ("utf-8", declared or "utf-8"):
            try:
                return clean(data.decode(encoding))
            except (UnicodeDecodeError, LookupError):
                continue
        # Asked about all encodings at once, charset-normalizer takes short Western texts for Polish ones.
        western = charset_normalizer.from_bytes(data, cp_isolation=["cp1252", "latin_1"]).best()
        guess = western or charset_normalizer.from_bytes(data).best()
        if guess is not None:
            return clean(str(guess))
    raise UnreadableFileError(f"{name} is not text but binary content. Save it as UTF-8 text.")
