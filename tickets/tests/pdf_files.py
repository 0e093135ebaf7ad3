"""What tests read in a rendered PDF."""

from io import BytesIO
from typing import cast

from pypdf import PdfReader
from pypdf.generic import DictionaryObject


def read(data: bytes) -> PdfReader:
    return PdfReader(BytesIO(data))


def fonts_with_empty_boxes(data: bytes) -> list[str]:
    """Returns the fonts of a PDF that draw shape 0, or an encoding that WeasyPrint writes to reach it."""
    resources = cast("DictionaryObject", read(data).pages[0]["/Resources"])
    fonts = {name: font.get_object() for name, font in cast("DictionaryObject", resources["/Font"]).items()}
    return [
        name
        for name, font in fonts.items()
        if font["/Encoding"] != "/Identity-H"
        or b"\n<0000> <" in font["/ToUnicode"].get_data().split(b"beginbfchar", 1)[1]
    ]
