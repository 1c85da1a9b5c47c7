"""Find out how a text file is encoded. Pure.

UTF-8 is certain: a text in another encoding is hardly ever valid UTF-8. UTF-16 is certain by its
mark. What is neither is read as Windows-1252, as Excel in Western Europe and America saves CSV; the
person is told, because an encoding of another country can't be told apart from it.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from tracking.importing.csv_rows import ImportFileError

UTF_8, UTF_16, WINDOWS_1252 = "utf-8-sig", "utf-16", "cp1252"
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
NOT_IN_WINDOWS_1252 = bytes([0x00, 0x81, 0x8D, 0x8F, 0x90, 0x9D])
NOTES = {
    UTF_8: "",
    UTF_16: "The file is UTF-16 text, and was read as such.",
    WINDOWS_1252: (
        "The file is not UTF-8 text. It was read as Windows-1252, the encoding of Western European"
        " spreadsheets: check that letters with accents are right."
    ),
}
NO_TEXT = "the file is not UTF-8 text, nor in an encoding that can be told: save it as CSV UTF-8"


def encoding_of(chunks: Iterable[bytes]) -> str:
    """Return UTF_8, UTF_16 or WINDOWS_1252, the encoding of a whole file. Raises ImportFileError.

    The chunks are the file's bytes; the first has at least two, if the file does.
    """
    decoder, encoding, is_windows_1252 = codecs.getincrementaldecoder(UTF_8)(), "", True
    for chunk in chunks:
        if not encoding:
            encoding = UTF_16 if chunk.startswith(UTF_16_MARKS) else UTF_8
            decoder = codecs.getincrementaldecoder(encoding)()
        is_windows_1252 &= len(chunk.translate(None, NOT_IN_WINDOWS_1252)) == len(chunk)
        if encoding != WINDOWS_1252 and not _decodes(decoder, chunk):
            encoding = _else_windows_1252(encoding)
    if encoding in {UTF_8, UTF_16} and not _decodes(decoder, b"", final=True):
        encoding = _else_windows_1252(encoding)
    if encoding == WINDOWS_1252 and not is_windows_1252:
        raise ImportFileError(NO_TEXT)
    return encoding or UTF_8


def _else_windows_1252(encoding: str) -> str:
    if encoding == UTF_16:
        raise ImportFileError(NO_TEXT)
    return WINDOWS_1252


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True
