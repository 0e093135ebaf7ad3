"""Cells that do not hold what the teacher typed: a spreadsheet's error, a formula, a date made of a roll number."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.utils import formats
from django.utils.translation import gettext as _

from registrations.email_text import addresses_in
from registrations.spreadsheets.cells import is_given
from registrations.spreadsheets.listing import Code, Problem
from registrations.spreadsheets.meanings import NAME_PARTS, Meaning
from registrations.spreadsheets.repair import is_damaged, names_in_other_scripts, repaired_name
from registrations.students.names import clean_text, has_letter, name_key
from techfest.core.calendar_names import month_of, plain_text


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell. With `is_read` its text is used nevertheless; `options` are texts to choose from."""

    text: str
    code: Code = Code.TEXT
    is_error: bool = True
    is_read: bool = False
    options: tuple[str, ...] = ()

    def at(self, row: int, column: Meaning, value: str) -> Problem:
        return Problem(row, column, self.code, self.text, self.is_error, value, options=self.options)


LONGEST_EXAMINED = 300
"""Characters of a cell that are examined; a longer text is rejected for its length."""
_ERROR = re.compile(
    r"#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!|ERROR!|BEZUG!|NV|WERT!|ZAHL!|¡REF!|¿NOMBRE\?|¡VALOR!|N/D"
    r"|VALEUR!|NOM\?|VALOR!|BLOCKED!|FIELD!|BUSY!|UNKNOWN!|CONNECT!|GETTING_DATA|#+)|Err:\d{3}",
    re.IGNORECASE,
)
_NOT_AVAILABLE = frozenset(["#N/A", "#N/D", "#NV"])
_FORMULA = re.compile(r"=\s*(?:[A-Z][A-Z0-9.]*\(|.*\$?[A-Z]{1,3}\$?\d|\?$)", re.IGNORECASE)
_OPTIONAL = frozenset([Meaning.SECTION, Meaning.ROLL_NUMBER, Meaning.EMAIL])


def find_fault(meaning: Meaning, text: str) -> Fault | None:
    """Return the first fault of a cell in a column of this meaning, or None."""
    text = text.strip()
    if not text or len(text) > LONGEST_EXAMINED:
        return None
    return next((fault for check in _CHECKS.get(meaning, ()) if (fault := check(meaning, text))), None)


def _spreadsheet_error(meaning: Meaning, text: str) -> Fault | None:
    if _ERROR.fullmatch(text):
        words = {"error": text}
        if text.upper() in _NOT_AVAILABLE and meaning in _OPTIONAL:
            return Fault(_("The cell shows “%(error)s”, so it counts as empty.") % words, is_error=False)
        return Fault(
            _("The cell shows the spreadsheet's error “%(error)s”. Type the text in its place.") % words
        )
    if _FORMULA.match(text):
        return Fault(
            _(
                "The cell holds a formula, but not its value. Open the file in a spreadsheet program and save it "
                "there, then upload it again, or type the text here."
            )
        )
    return None


_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?: \d\d:\d\d(?::\d\d)?)?")
_TIME = re.compile(
    r"(?:\d+ days?, )?(\d{1,2}):(\d\d)(?::\d\d| ?[ap]\.?m\.?|:\d\d ?[ap]\.?m\.?)", re.IGNORECASE
)
_WORD = r"[^\W\d_]{3,12}\.?"
_NAMED_DAY = re.compile(rf"(\d{{1,2}})(?:\. ?|[-/ ])({_WORD})(?:[-/. ,]+\d{{2,4}})?", re.IGNORECASE)
_NAMED_MONTH = re.compile(rf"({_WORD})[-/. ](\d{{1,2}}|\d{{4}})", re.IGNORECASE)
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d{1,3}", re.IGNORECASE)
_MANY_ZEROS = re.compile(r"([1-9]\d?)(0{5,})(?:[.,]0+)?")
_WRITTEN_DAY = re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:19|20)\d\d")


def _calendar_value(meaning: Meaning, text: str) -> Fault | None:
    """Find dates and times that a spreadsheet program has made of 12-10, 9/1 or 9:12."""
    options: tuple[str, ...] = ()
    shown = text
    if day := _DAY.fullmatch(text):
        year, month, number = map(int, day.groups())
        shown = _shown(year, month, number) or text
        options = _readings(number, month)
    elif (named := _NAMED_DAY.fullmatch(text)) and (named_month := _month(named[2])):
        options = _readings(int(named[1]), named_month)
    elif (named := _NAMED_MONTH.fullmatch(text)) and (named_month := _month(named[1])):
        options = (f"{named_month}-{named[2][-2:]}",)
    elif time := _TIME.fullmatch(text):
        options = (f"{int(time[1])}:{time[2]}",)
    else:
        return None
    words = {"date": shown}
    if meaning == Meaning.GRADE:
        return Fault(
            _("A spreadsheet program has made “%(date)s” of this grade. Write it again, like 9 or 9 A.")
            % words
        )
    return Fault(
        _(
            "A spreadsheet program has made “%(date)s” of what was typed here. Write it again; in the spreadsheet, "
            "format the column as text first."
        )
        % words,
        options=options,
    )


def _month(word: str) -> int | None:
    return month_of(plain_text(word).rstrip("."))


def _shown(year: int, month: int, day: int) -> str:
    try:
        return formats.date_format(dt.date(year, month, day), "j F Y")
    except ValueError:
        return ""


def _readings(day: int, month: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys((f"{month}-{day}", f"{day}-{month}")))


def _changed_number(_meaning: Meaning, text: str) -> Fault | None:
    """Find numbers whose last digits are lost, and those that 1E5 becomes."""
    if _SHORTENED.fullmatch(text):
        words = {"number": text}
        return Fault(
            _(
                "A spreadsheet program has shortened a number to “%(number)s”, so its last digits are lost. Write the "
                "number again; in the spreadsheet, format the column as text first."
            )
            % words
        )
    if zeros := _MANY_ZEROS.fullmatch(text):
        words = {"number": text, "typed": f"{zeros[1]}E{len(zeros[2])}"}
        text = _("Is “%(number)s” right? A spreadsheet program makes it of “%(typed)s”.") % words
        return Fault(text, is_error=False, is_read=True, options=(words["typed"],))
    if _WRITTEN_DAY.fullmatch(text):
        text = _("Is “%(date)s” right? It looks like a date.") % {"date": text}
        return Fault(text, is_error=False, is_read=True)
    return None


_PLACEHOLDERS = (
    "blank|empty|tbc|tbd|tba|tbn|to be confirmed|to be announced|to be decided|unknown|not known|anonymous|test|dummy"
    "|sample|xxx|xxxx|xyz|abc|vacant|absent|n a|not available|not applicable|same|same as above|do|ditto|student"
    "|student name|name|full name|true|false|nobody|someone|no name|nn|sin nombre|no tiene|vacante|vacío|sem nome|vago"
    "|sans nom|inconnu|vide|ohne name|unbekannt|leer|naamloos|senza nome|sconosciuto|bez nazwiska|неизвестно|без имени"
    "|بدون اسم|لا يوجد|غير معروف|अज्ञात|खाली"
)
_PUPILS = "alumno|alumna|aluno|aluna|élève|schüler|alunno|uczeń|ученик|طالب|छात्र"
"""They stand for a name with a number behind them, too."""
_IS_PLACEHOLDER = re.compile(
    f"{'|'.join(map(name_key, _PLACEHOLDERS.split('|')))}|(?:{'|'.join(map(name_key, _PUPILS.split('|')))}) ?\\d*"
)
_CONTROLS = re.compile("[\x80-\x9f]")
_QUESTION_MARKS = re.compile(r"[?\ufffd]")


def _unlikely_name(_meaning: Meaning, text: str) -> Fault | None:
    if not clean_text(text).strip("-–—. "):
        return None  # counts as empty
    lost = _(
        "Letters of this name were lost when the file was saved. "
        "Save the list as “CSV UTF-8” or XLSX and upload it again."
    )
    if (
        "\ufffd" in text
        or (_CONTROLS.search(text) and not repaired_name(text))
        or (not has_letter(text) and "??" in text)
    ):
        return Fault(lost)
    if not has_letter(text):
        return Fault(
            _("“%(text)s” is not a name: it has no letter. Enter the student's full name.") % {"text": text}
        )
    if meant := repaired_name(text):
        return _repairable(text, meant)
    if names := names_in_other_scripts(text):
        words = {"text": text, "names": ", ".join(f"“{name}”" for name in names)}
        text = _("Is “%(text)s” written with the wrong letters? It may be %(names)s.") % words
        return Fault(text, Code.NAME, is_error=False, is_read=True, options=names)
    if is_damaged(text) or _QUESTION_MARKS.search(text):
        return Fault(lost, Code.NAME, is_error=False, is_read=True)
    if _IS_PLACEHOLDER.fullmatch(name_key(text)):
        words = {"text": text}
        text = _("Is “%(text)s” the name of a student? If not, correct it or leave this row out.") % words
        return Fault(text, Code.NAME, is_error=False, is_read=True)
    return None


def _damaged_part(_meaning: Meaning, text: str) -> Fault | None:
    """Find damage in a first or last name; the repaired name cannot be taken with one button there."""
    meant = repaired_name(text)
    return replace(_repairable(text, meant), options=()) if meant else None


def _repairable(text: str, meant: str) -> Fault:
    """Return the question about a damaged name; it is an error if the name as it is cannot be stored."""
    is_storable = not _CONTROLS.search(text)
    words = {"text": _CONTROLS.sub("\ufffd", text), "meant": meant}
    question = _("Did you mean “%(meant)s”? The file holds “%(text)s”.") % words
    return Fault(question, Code.NAME, is_error=not is_storable, is_read=is_storable, options=(meant,))


def _several_addresses(_meaning: Meaning, text: str) -> Fault | None:
    if not is_given(text) or len(addresses := addresses_in(text)) < 2:
        return None
    words = {"addresses": ", ".join(addresses)}
    text = _("Choose one e-mail address: %(addresses)s.") % words
    return Fault(text, Code.EMAIL, options=addresses)


_Check = Callable[[Meaning, str], Fault | None]
_LABEL: tuple[_Check, ...] = (_spreadsheet_error, _calendar_value, _changed_number)
_CHECKS: dict[Meaning, tuple[_Check, ...]] = {
    Meaning.NAME: (_spreadsheet_error, _unlikely_name),
    **dict.fromkeys((*NAME_PARTS, Meaning.LAST_FIRST), (_spreadsheet_error, _damaged_part)),
    **dict.fromkeys((Meaning.GRADE, Meaning.SECTION, Meaning.ROLL_NUMBER), _LABEL),
    Meaning.EMAIL: (_spreadsheet_error, _several_addresses),
    **dict.fromkeys((Meaning.EVENTS, Meaning.EVENT_MARK), (_spreadsheet_error,)),
}
"""The checks of each column that is used; what stands in other columns does not matter."""


def remark_behind_grade(text: str, section: str) -> str:
    """Return the warning about a word behind the grade, which may be a section or a remark."""
    if section:
        words = {"text": text, "section": section}
        return _("“%(text)s” behind the grade is not used: the section is %(section)s.") % words
    return _("“%(text)s” is read as the section. If it is none, write only the grade.") % {"text": text}
