"""Cut the committed fonts from the packages they come from; run by hand when a font is to be renewed.

    python tickets/fonts/build.py FOLDER EMOJI.woff2

FOLDER holds the unpacked Debian packages fonts-noto-core and fonts-noto-cjk, EMOJI is the whole Noto Emoji of
weight 400 from the npm package @fontsource/noto-emoji. Writes the fonts and coverage.txt beside this file.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont, newTable
from fontTools.ttLib.tables._g_l_y_f import Glyph

HERE = Path(__file__).resolve().parent
BOTH_WEIGHTS = [
    "Sans",
    "SansArabic",
    "SansBengali",
    "SansDevanagari",
    "SansGujarati",
    "SansGurmukhi",
    "SansHebrew",
    "SansKannada",
    "SansMalayalam",
    "SansOriya",
    "SansTamil",
    "SansTelugu",
    "SansThai",
]
REGULAR_ONLY = [
    "SansArmenian",
    "SansEthiopic",
    "SansGeorgian",
    "SansKhmer",
    "SansLao",
    "SansMeeteiMayek",
    "SansMyanmar",
    "SansOlChiki",
    "SansSinhala",
    "SansThaana",
]

# The fields that a maxp table has for TrueType only; fontTools counts most of them itself when it saves.
MAXIMA = [
    "maxZones",
    "maxTwilightPoints",
    "maxStorage",
    "maxFunctionDefs",
    "maxInstructionDefs",
    "maxStackElements",
    "maxSizeOfInstructions",
    "maxComponentElements",
    "maxPoints",
    "maxContours",
    "maxCompositePoints",
    "maxCompositeContours",
    "maxComponentDepth",
]


def main(packages: Path, emoji: Path) -> None:
    for family in BOTH_WEIGHTS:
        cut_script(packages, f"Noto{family}-Regular.ttf")
        cut_script(packages, f"Noto{family}-Bold.ttf")
    for family in REGULAR_ONLY:
        cut_script(packages, f"Noto{family}-Regular.ttf")
    cut_han(packages)
    cut(TTFont(emoji, recalcTimestamp=False), "NotoEmoji-Regular.ttf", features=["*"])
    (HERE / "coverage.txt").write_text(
        "".join(f"{line}\n" for line in ranges(all_characters())), encoding="ascii"
    )


def cut_script(packages: Path, name: str) -> None:
    (source,) = packages.rglob(name)
    cut(TTFont(source, recalcTimestamp=False), name, features=["*"])


def cut_han(packages: Path) -> None:
    """Han, kana and Hangul of names: the everyday sets of four national standards, one regular weight."""
    (source,) = packages.rglob("NotoSansCJK-Regular.ttc")
    fonts = TTCollection(source, recalcTimestamp=False).fonts
    font = next(font for font in fonts if font["name"].getDebugName(6) == "NotoSansCJKsc-Regular")
    cut(font, "NotoSansCJKsc-Regular.ttf", features=["ccmp", "mark", "mkmk"], characters=han_characters())


def cut(font: TTFont, name: str, *, features: list[str], characters: Iterable[int] | None = None) -> None:
    """Keep `characters` (default: all) and what shaping needs; drop hints, which printers and phones do not use."""
    options = Options(
        layout_features=features, hinting=False, notdef_outline=True, name_IDs=["*"], name_languages=[0x409]
    )
    options.drop_tables += ["DSIG", "MATH", "STAT", "VORG", "vhea", "vmtx"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=font.getBestCmap() if characters is None else characters)
    subsetter.subset(font)
    if "CFF " in font:
        draw_as_truetype(font)
    font.flavor = None
    font.save(HERE / name)


def draw_as_truetype(font: TTFont) -> None:
    """Replace the cubic outlines by quadratic ones, at most 2/1000 of the em away.

    A ticket embeds two or three of 12,000 shapes under their old numbers. The index of empty shapes does not
    compress in a CFF table: 38 kB a ticket; in a glyf table it does: 3 kB.
    """
    shapes, order = font.getGlyphSet(), font.getGlyphOrder()
    font["loca"], glyf = newTable("loca"), newTable("glyf")
    font["glyf"] = glyf
    glyf.glyphOrder, glyf.glyphs = order, {name: quadratic(shapes, name) for name in order}
    del font["CFF "]
    font.sfntVersion, font["post"].formatType, font["maxp"].tableVersion = "\0\1\0\0", 3.0, 0x00010000
    for field in MAXIMA:
        setattr(font["maxp"], field, int(field == "maxZones"))
    for name, shape in glyf.glyphs.items():
        shape.recalcBounds(glyf)
        font["hmtx"][name] = (font["hmtx"][name][0], getattr(shape, "xMin", 0))


def quadratic(shapes: Mapping[str, Any], name: str) -> Glyph:
    pen = TTGlyphPen(shapes)
    shapes[name].draw(Cu2QuPen(pen, max_err=2, reverse_direction=True))
    return pen.glyph(dropImpliedOnCurves=True)


def han_characters() -> set[int]:
    rows = {"gb2312": (0xB0, 0xF7), "big5": (0xA4, 0xC6), "euc_jp": (0xB0, 0xCF), "euc_kr": (0xB0, 0xC8)}
    words = {
        character for codec, (first, last) in rows.items() for character in characters_of(codec, first, last)
    }
    # The space stands in the font of its neighbours, so every font needs one.
    marks = [0x20, 0xA0, *range(0x3000, 0x3030), *range(0x3041, 0x3190), *range(0xFF01, 0xFF61)]
    return words | set(marks)


def characters_of(codec: str, first: int, last: int) -> set[int]:
    """The ideographs and syllables that a two-byte codec holds in the rows `first` to `last`."""
    pairs = (bytes((high, low)) for high in range(first, last + 1) for low in range(0x40, 0xFF))
    texts = (pair.decode(codec, errors="ignore") for pair in pairs)
    return {ord(text) for text in texts if len(text) == 1 and "\u4e00" <= text <= "\ud7a3"}


def all_characters() -> list[int]:
    """Every character that one of the fonts beside this file has a shape for, ascending."""
    characters: set[int] = set()
    for file in HERE.glob("*.ttf"):
        with TTFont(file) as font:
            characters |= font.getBestCmap().keys()
    return sorted(characters)


def ranges(characters: list[int]) -> list[str]:
    """Runs of neighbours as `first-last` in hexadecimal."""
    starts = [
        character
        for before, character in zip([-2, *characters], characters, strict=False)
        if character != before + 1
    ]
    ends = [
        character
        for character, after in zip(characters, [*characters[1:], -2], strict=True)
        if after != character + 1
    ]
    return [f"{first:X}-{last:X}" for first, last in zip(starts, ends, strict=True)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
