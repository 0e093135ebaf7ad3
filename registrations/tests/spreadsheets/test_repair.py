"""Names that a program has damaged are recognised, and true names are not."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrations.spreadsheets.repair import is_damaged, names_in_other_scripts, repaired_name

LATIN = "José Núñez|Zoë O’Neil|Émile Île|Müller|Łukasz Żak|İpek Işıl|Nguyễn Văn Ân|Đỗ Ánh|Ștefan Țepeș|Þór Ægisson"
MORE_LATIN = "João Conceição|Győző|Søren Ærø|Renée d’Été|Ñandú|Öz Ünal"
INDIAN = "आशा राव|மீரா|మీరా|ಮೀರಾ|മീര|মীরা|મીરા|ਮੀਰਾ"
OTHERS = "Анна Иванова|Ніна Їжак|Ελένη|علي حسن|دانش|שרה|诗雅|さくら|김민수"
NAMES = f"{LATIN}|{MORE_LATIN}|{INDIAN}|{OTHERS}".split("|")
ENCODINGS = ("cp1252", "latin-1", "mac_roman", "cp1251", "cp1250", "cp1254", "cp1256", "cp437", "cp850")
LIKE_DAMAGE = (
    "À Phủ|Ã Minh|MÃE|JOÃO “ZÉ”|ÇAĞLAR|ANDRÉ’S|КÔŠ|NÚŠ|ŽÁŽ|Лі Мін|ГІ|ІРИНА|ЈЕЛЕНА|Њего|Ó’Brien|l·l|Mª José"
)
STRANGE = "Ð Thị|ÅSE|Ý|X Æ A-12|R&D|Tom & Jerry|O'Brien|Ａｓｈａ|D’André|😀 Asha"
TRUE_NAMES = [*LIKE_DAMAGE.split("|"), *STRANGE.split("|")]


def misread(name: str, encoding: str) -> str:
    """Return the name as a program shows it that takes UTF-8 for this encoding."""
    return "".join(_character(byte, encoding) for byte in name.encode())


def _character(byte: int, encoding: str) -> str:
    try:
        return bytes([byte]).decode(encoding)
    except UnicodeDecodeError:
        return chr(byte)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", NAMES)
def test_name_read_in_another_encoding_is_repaired(name: str, encoding: str) -> None:
    assert repaired_name(misread(name, encoding)) == name
    assert is_damaged(misread(name, encoding))


@pytest.mark.parametrize("name", NAMES)
def test_name_read_wrongly_twice_is_repaired(name: str) -> None:
    assert repaired_name(misread(misread(name, "cp1252"), "cp1252")) == name


@pytest.mark.parametrize("name", [*NAMES, *TRUE_NAMES])
def test_true_name_is_left_alone(name: str) -> None:
    assert (repaired_name(name), is_damaged(name)) == ("", False)


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(" ".join))
def test_true_names_together_are_left_alone(name: str) -> None:
    assert not is_damaged(name)
    assert not is_damaged(name.upper())
    assert repaired_name(misread(name, "cp1252")) == name


@pytest.mark.parametrize("name", ["O'Brien", 'Asha "Ash" Rao', "José & Zoë", "Tom<3"])
def test_entities_are_resolved(name: str) -> None:
    assert repaired_name(html.escape(name)) == (name if html.escape(name) != name else "")
    assert repaired_name(html.escape(html.escape(name))) == name


def test_one_damaged_word_is_told_although_it_cannot_be_repaired() -> None:
    # The control character of the first letter was lost on the way.
    assert (repaired_name("Åukasz Å»ak"), is_damaged("Åukasz Å»ak")) == ("", True)


OTHER_SCRIPTS = {
    "cp1251": "Иван Петров|Наталья Ёлкина|Анна|Ольга Щукина|Ілля Їжак",
    "koi8-r": "Иван Петров|Наталья Ёлкина|Анна|Ольга Щукина",
    "cp1253": "Γιώργος Παπαδόπουλος|Ελένη Νικολάου|Χρήστος",
    "cp1256": "محمد علي|فاطمة حسن|عبد الرحمن|يوسف|خالد",
    "iso8859-6": "محمد علي|فاطمة حسن|عبد الرحمن|يوسف|خالد",
    "cp1255": "משה כהן|שרה לוי",
    "cp874": "สมชาย ใจดี|มาลี สุขใจ",
}


@pytest.mark.parametrize(
    ("encoding", "name"),
    [(encoding, name) for encoding, names in OTHER_SCRIPTS.items() for name in names.split("|")],
)
def test_name_of_another_script_read_as_latin_is_offered(encoding: str, name: str) -> None:
    shown = "".join(_character(byte, "cp1252") for byte in name.encode(encoding))
    assert name in names_in_other_scripts(shown)
    assert len(names_in_other_scripts(shown)) <= 3


@pytest.mark.parametrize("name", [*NAMES, *TRUE_NAMES, "Öýä", "ÆØÅ", "Ñúñëz Ðe"])
def test_name_with_accents_is_in_the_latin_script(name: str) -> None:
    assert names_in_other_scripts(name) == ()
