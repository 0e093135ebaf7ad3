"""Codes from a hand scanner that types as if the keyboard were English (US), on a device that expects another one.

A hand scanner sends key strokes, so a German computer reads "/" as "-" and swaps Y and Z; with Caps Lock on, capital
and small letters change places. What was meant is found by trying the usual layouts: a code is 128 random bits, so
at most one of the readings is a ticket. Phones get the same table for checking without a network.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Layout(NamedTuple):
    """A keyboard layout: characters typed on it, and at the same places those on the same keys in English (US)."""

    name: Any
    typed: str
    meant: str


LAYOUTS = (
    Layout(
        gettext_lazy("German, Swiss and other QWERTZ"),
        "zyZYß?-Ö'éöČË+Ł",
        "yzYZ-_/:-::::-:",
    ),
    Layout(
        gettext_lazy("French AZERTY"),
        "q,azwQ?AZWà&é\"'(-è_ç)°!M:$mù²*;1234567890£%µ./§",
        "amqwzAMQWZ0123456789-_/:.];'`\\,!@#$%^&*()}\"|<>?",
    ),
    Layout(
        gettext_lazy("Belgian AZERTY"),
        "q,azwQ?AZWà&é\"'(§è!ç)°=M:-$mù²µ;1234567890_*%³£./+",
        "amqwzAMQWZ0123456789-_/:.=];'`\\,!@#$%^&*()+}\"~|<>?",
    ),
    Layout(
        gettext_lazy("Spanish, Italian, Portuguese, Nordic"),
        "'?-ÑçÇ+ÖØÆ",
        "-_/:::-:::",
    ),
    Layout(
        gettext_lazy("Brazilian, Canadian"),
        ";Çé",
        "/:/",
    ),
    Layout(
        gettext_lazy("Icelandic"),
        "öÖþÆ",
        "-_/:",
    ),
    Layout(
        gettext_lazy("Dutch"),
        "/?-±",
        "-_/:",
    ),
    Layout(
        gettext_lazy("Czech, Slovak"),
        "zyZYé+ěščřžýáí=%-\"ú)ů§;1234567890/(!'?:_ľťäôň",
        "yzYZ0123456789-_/:[];'`!@#$%^&*(){}\"|<>?25];\\",
    ),
    Layout(
        gettext_lazy("Czech QWERTY"),
        "é+ěščřžýáí=%-\"ú)ů§;1234567890/(!'?:_",
        "0123456789-_/:[];'`!@#$%^&*(){}\"|<>?",
    ),
    Layout(
        gettext_lazy("Hungarian"),
        "zyZYöüÜ-É",
        "yzYZ0-_/:",
    ),
    Layout(
        gettext_lazy("Lithuanian"),
        "“ąčęėįšųū„žĄČĘĖĮŠŲŪŽ",
        "0123456789=!@#$%^&*+",
    ),
    Layout(
        gettext_lazy("Turkish Q"),
        "ı*?.Şç",
        "i-_/:.",
    ),
    Layout(
        gettext_lazy("Turkish F"),
        "uçveğaütnkmszhfıiorcgödjUÇVEĞAÜTNKMSZHFIİORCGÖDJ/?,Y",
        "abcdefghijkmnoqrstuvwxyzABCDEFGHIJKMNOQRSTUVWXYZ-_/:",
    ),
    Layout(
        gettext_lazy("Japanese"),
        "=+",
        "_:",
    ),
    Layout(
        gettext_lazy("Dvorak"),
        "xje.uidchtnbrl'poygk,qf;XJE>UIDCHTNBRL\"POYGK<QF:[{zSv]/=s-w}?+_WVZ",
        "bcdefghijklnopqrstuvwxyzBCDEFGHIJKLNOPQRSTUVWXYZ-_/:.=[];',+{}\"<>?",
    ),
    Layout(
        gettext_lazy("Russian, Ukrainian, Belarusian"),
        "фисвуапршолдьтщзйкыегмцчняФИСВУАПРШОЛДЬТЩЗЙКЫЕГМЦЧНЯ.ЖюіІўЎ",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/:.sSoO",
    ),
    Layout(
        gettext_lazy("Serbian, Macedonian"),
        "абцдефгхијклмнопљрстувњџзжАБЦДЕФГХИЈКЛМНОПЉРСТУВЊЏЗЖ'?-ЧѕЅ",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_/:yY",
    ),
    Layout(
        gettext_lazy("Bulgarian"),
        "ьфъаеожгстнвпхдз,ияшкэуйщюѝФЪАЕОЖГСТНВПХДЗыИЯШКЭУЙЩЮ$бМл",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/:.",
    ),
    Layout(
        gettext_lazy("Greek"),
        "αβψδεφγηιξκλμνοπ;ρστθωςχυζΑΒΨΔΕΦΓΗΙΞΚΛΜΝΟΠ:ΡΣΤΘΩΧΥΖ",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVXYZ",
    ),
    Layout(
        gettext_lazy("Hebrew"),
        "\u05e9\u05e0\u05d1\u05d2\u05e7\u05db\u05e2\u05d9\u05df\u05d7\u05dc\u05da\u05e6\u05de"
        "\u05dd\u05e4/\u05e8\u05d3\u05d0\u05d5\u05d4'\u05e1\u05d8\u05d6.\u05e5",
        "abcdefghijklmnopqrstuvwxyz/.",
    ),
    Layout(
        gettext_lazy("Arabic"),
        "\u0634\ufefb\u0624\u064a\u062b\u0628\u0644\u0627\u0647\u062a\u0646\u0645\u0629\u0649"
        "\u062e\u062d\u0636\u0642\u0633\u0641\u0639\u0631\u0635\u0621\u063a\u0626\u0650\ufef5}]"
        "\u064f[\ufef7\u0623÷\u0640،/'\u0622×\u061b\u064e\u064c\u064d\ufef9`{\u064b\u0652\u0625~"
        "\u0638\u0632",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/.",
    ),
    Layout(
        gettext_lazy("Persian"),
        "\u0634\u0630\u0632\u06cc\u062b\u0628\u0644\u0627\u0647\u062a\u0646\u0645\u067e\u062f"
        "\u062e\u062d\u0636\u0642\u0633\u0641\u0639\u0631\u0635\u0637\u063a\u0638\u0624\u200c"
        "\u0698\u064a\u064d\u0625\u0623\u0622\u0651\u0629»«\u0621\u0654][\u0652\u064b\u0626\u064f"
        "\u064e\u0670\u064c\u0653\u0650\u0643۰۱۲۳۴۵۶۷۸۹\u0640",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
    ),
    Layout(
        gettext_lazy("Thai"),
        "ฟ\u0e34แกำดเ\u0e49ร\u0e48าสท\u0e37นยๆพหะ\u0e35อไป\u0e31ผฤ\u0e3aฉฏฎโฌ\u0e47ณ\u0e4bษศ?"
        '\u0e4cฯญ๐ฑฆธ\u0e4aฮ")\u0e4d(จๅ/-ภถ\u0e38\u0e36คตข๘ฝซใ',
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/:.",
    ),
    Layout(
        gettext_lazy("Indian scripts"),
        "\u094bवम\u094d\u093e\u093f\u0941पगरकतसलदज\u094c\u0940\u0947\u0942हन\u0948\u0902ब\u0946ओऴ"
        "णअआइउफघऱखथशळधझऔईएऊङऩऐ\u0901भऎ०१२३४५६७८९\u0903यछ\u09df",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/:/",
    ),
)
"""The characters of a ticket's address, and for layouts with shifted digits those that Caps Lock makes of them."""
_NORMAL = "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./"
_SHIFTED = '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?'
_SHIFT_LOCK = str.maketrans(_NORMAL + _SHIFTED, _SHIFTED + _NORMAL)
_INDIAN_BLOCKS = range(0x0980, 0x0D80, 0x80)
"""The scripts whose standard keyboard has their letters on the keys of Devanagari: Bengali to Malayalam."""
MAX_LENGTH = 500
_ADDRESS = re.compile(r"https?://")
_NEARLY = re.compile(r"https?.{0,2}//")
"""With what a dead key makes of the colon."""


def _expanded(layout: Layout) -> Layout:
    """Adds the other Indian scripts to Devanagari: Unicode has their letters in the same order."""
    if "\u0915" not in layout.typed:
        return layout
    letters = [(ord(typed) - 0x0900, meant) for typed, meant in zip(layout.typed, layout.meant, strict=True)]
    more = [
        (chr(block + place), meant)
        for block in _INDIAN_BLOCKS
        for place, meant in letters
        if 0 <= place < 0x80
    ]
    return layout._replace(
        typed=layout.typed + "".join(typed for typed, _meant in more),
        meant=layout.meant + "".join(meant for _typed, meant in more),
    )


_ALL = tuple(map(_expanded, LAYOUTS))
_TABLES = [str.maketrans(layout.typed, layout.meant) for layout in _ALL]


def as_data() -> dict[str, Any]:
    """The layouts for the script of the scanner."""
    typed = [[layout.typed, layout.meant] for layout in _ALL]
    return {"keys": [_NORMAL, _SHIFTED], "typed": typed}


def meant_by(text: str) -> list[str]:
    """What a scanner can have meant by this text, without the text itself; nothing for a long text."""
    if len(text) > MAX_LENGTH:
        return []
    found = [reading for _name, reading in _readings(text)]
    return [one for one in dict.fromkeys(found) if one != text]


def is_address(text: str) -> bool:
    """Whether a scanner can have meant a web address by this text."""
    return any(_NEARLY.match(reading) for _name, reading in _readings(text))


def explain(text: str) -> str:
    """What is wrong with the keyboard, if this text is a web address in other letters; an empty string otherwise."""
    text = text.strip()
    if len(text) > MAX_LENGTH or _ADDRESS.match(text):
        return ""
    if text.upper() == text and _ADDRESS.match(text.lower()):
        return _(
            "Caps Lock is on, or the hand scanner types capital letters only. Switch it off and scan again."
        )
    for name, reading in _readings(text):
        if _NEARLY.match(reading):
            return _other_layout(name) if name else _("Caps Lock is on. Switch it off and scan again.")
    return ""


def _other_layout(name: Any) -> str:
    words = _(
        "The hand scanner expects another keyboard layout: this device has %(name)s, or Caps Lock is on. Set its"
        " keyboard to English (US) and scan again."
    )
    return words % {"name": name}


def _readings(text: str) -> Iterator[tuple[Any, str]]:
    """Each reading with the name of its layout; without one for the keys as they are."""
    yield from _with_shift("", text)
    for layout, table in zip(_ALL, _TABLES, strict=True):
        yield from _with_shift(layout.name, text.translate(table))


def _with_shift(name: Any, typed: str) -> Iterator[tuple[Any, str]]:
    """As typed, with Caps Lock, and with the Caps Lock of layouts where it shifts every key."""
    for reading in (typed, typed.swapcase(), typed.translate(_SHIFT_LOCK)):
        yield name, reading
