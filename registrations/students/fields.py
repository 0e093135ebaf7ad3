"""The fields of a student, declared once: value, form field with validation, and column of a class list.

The forms of students, teachers and the door inherit the form fields, the admin uses them, and class lists clean their
cells with them. Corrections, erasure, exports and the SQL that inserts students go through these names, so a new field
is added here and to the model; a class list fills it once `spreadsheets/headers.py` has its `Meaning`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy

from registrations.fields import EmailField, NameField, TextField
from registrations.students.names import label_key, name_key, school_key
from techfest.core.text_limits import LimitedText

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_SHORT = {"autocomplete": "off", "spellcheck": "false", "size": "12"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentValues:
    """The details of a student as a form or a row of a class list gives them: cleaned, empty if not given."""

    name: str
    grade: int
    section: str = ""
    roll_number: str = ""
    email: str = ""

    @property
    def student_values(self) -> dict[str, Any]:
        """The values by name of the field, without what a subclass adds."""
        return {name: getattr(self, name) for name in STUDENT_FIELDS}


@dataclass(frozen=True, slots=True)
class ListColumn:
    """The column of a field in class lists."""

    heading: "_StrPromise"
    titles: str
    """What people write above the column, separated by bars. Compared by `name_key`, so spelling matters little."""
    is_narrow: bool = False


class StudentFields(LimitedText, forms.Form):
    """The fields of a student, to be inherited by forms."""

    name = NameField(
        label=gettext_lazy("Full name"),
        max_characters=200,
        too_long=gettext_lazy("Full name must be 200 characters or less"),
        key=name_key,
        max_characters_in_key=400,
        attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "words", "dir": "auto"},
        error_messages={"required": gettext_lazy("Enter your full name")},
    )
    grade = forms.TypedChoiceField(
        label=gettext_lazy("Grade"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Select your grade"),
            "invalid_choice": gettext_lazy("Select your grade"),
        },
    )
    section = TextField(
        label=gettext_lazy("Section (optional)"),
        required=False,
        max_characters=20,
        too_long=gettext_lazy("Section must be 20 characters or less"),
        key=label_key,
        attrs=_SHORT,
    )
    roll_number = TextField(
        label=gettext_lazy("Roll number (optional)"),
        required=False,
        max_characters=20,
        too_long=gettext_lazy("Roll number must be 20 characters or less"),
        key=label_key,
        attrs=_SHORT,
        help_text=gettext_lazy("Tells you apart from a namesake."),
    )
    email = EmailField(
        label=gettext_lazy("E-mail, yours or a parent's (optional)"),
        required=False,
        help_text=gettext_lazy("We send your ticket to this address."),
    )

    @property
    def student_values(self) -> dict[str, Any]:
        """The cleaned values by name of the field; the form must be valid. A field that it lacks is left out."""
        return {name: self.cleaned_data[name] for name in STUDENT_FIELDS if name in self.fields}

    @property
    def minor_fields(self) -> list[forms.BoundField]:
        """The optional fields that are shown side by side: section, roll number."""
        names = [name for name in STUDENT_FIELDS if name not in ("name", "grade", "email")]
        return [self[name] for name in names if name in self.fields]


STUDENT_FIELDS = tuple(StudentFields.base_fields)
"""The names of these fields, which are also attributes of `Student`."""


class SchoolField(TextField):
    """The name of a school, typed by its student or teacher; the page has a list of known names."""

    def __init__(self, **kwargs: Any) -> None:
        defaults: dict[str, Any] = {
            "label": gettext_lazy("School"),
            "help_text": gettext_lazy("Not in the list? Type its name."),
            "attrs": {"autocomplete": "off", "list": "schools", "dir": "auto"},
            "error_messages": {"required": gettext_lazy("Enter the name of your school")},
        }
        super().__init__(
            max_characters=200,
            too_long=gettext_lazy("Name of the school must be 200 characters or less"),
            key=school_key,
            **(defaults | kwargs),
        )


LIST_COLUMNS: Mapping[str, ListColumn] = {
    "name": ListColumn(
        heading=gettext_lazy("Name"),
        titles="name|names|full name|student|students|student name|name of student|name of the student|students name"
        "|name of students|name of the students|pupil|pupil name|name of pupil|child|child name|childs name"
        "|name of child|name of the child|participant|participant name|name of participant|candidate"
        "|candidate name|name of candidate|student full name|full name of student|student s name|child s name"
        "|नाम|विद्यार्थी|विद्यार्थी का नाम|छात्र|छात्र का नाम|छात्रा का नाम|छात्र छात्रा का नाम|पूरा नाम|बच्चे का नाम"
        "|பெயர்|மாணவர் பெயர்|ਨਾਮ|নাম|పేరు|ಹೆಸರು|പേര്|નામ|nom|nombre|姓名",
    ),
    "grade": ListColumn(
        heading=gettext_lazy("Grade"),
        titles="grade|class|std|standard|year|form|grade class|class grade|class std|class and section|class section"
        "|class with section|class sec|class div|grade section|grade and section|std div|standard division"
        "|current class|present class|studying in class|student class|student grade|class of student"
        "|कक्षा|वर्ग|कक्षा और वर्ग|श्रेणी|வகுப்பு|ਜਮਾਤ|শ্রেণী|శ్రేణి|తరగతి|ತರಗತಿ|ക്ലാസ്|ધોરણ|इयत्ता|clase|classe|年级",
        is_narrow=True,
    ),
    "section": ListColumn(
        heading=gettext_lazy("Section"),
        titles="section|sec|division|div|class division|section name|अनुभाग|सेक्शन|खंड|विभाग|तुकडी|பிரிவு",
        is_narrow=True,
    ),
    "roll_number": ListColumn(
        heading=gettext_lazy("Roll number"),
        titles="roll number|roll no|roll|rollno|roll num|r no|rno|roll nr|roll number of student|student roll no"
        "|class roll no|admission number|admission no|adm no|student id|id number|enrolment no|enrollment no"
        "|रोल नंबर|रोल नं|अनुक्रमांक|रोल नम्बर|हजेरी क्रमांक",
        is_narrow=True,
    ),
    "email": ListColumn(
        heading=gettext_lazy("E-mail"),
        titles="e mail|email|mail|e mail address|email address|email id|e mail id|mail id|parent email|parents email"
        "|parent e mail|student email|email of parent|e mail optional|email optional|guardian email|gmail"
        "|parent s email|ईमेल|ई मेल|ईमेल पता",
    ),
}
"""The column of each of these fields."""
