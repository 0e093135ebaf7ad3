"""The limits of `techfest.core.text` for forms: what every text field rejects, with a message."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from techfest.core.text import MAX_MARKS, has_mark_run, has_visible

if TYPE_CHECKING:
    _Form = forms.BaseForm
else:
    _Form = object

TOO_MANY_MARKS = _("Remove the accents that are stacked on one letter: it can carry %(maximum)d at most")
INVISIBLE = _("Nothing of this text can be seen: it has only spaces and invisible characters. Type it again")

WRITE_THE_DAY = _(
    "Enter the day as year, month and day, like 2026-12-31, or with the month as a word, like 31 Dec 2026"
)
WRITE_THE_TIME = _("Enter the day and the time like 2026-12-31 18:00, or like 31 Dec 2026 18:00")


def validate_marks(value: Any) -> None:
    """Raise ValidationError for a letter with more combining marks than any language uses.

    Values other than strings pass: fields that convert their text have validated it.
    """
    if isinstance(value, str) and has_mark_run(value):
        raise ValidationError(TOO_MANY_MARKS, code="marks", params={"maximum": MAX_MARKS})


def validate_visible(value: Any) -> None:
    """Raise ValidationError for a text of which a reader would see nothing, like a name of Hangul fillers."""
    if isinstance(value, str) and value and not has_visible(value):
        raise ValidationError(INVISIBLE, code="invisible")


def limit_text(field: forms.Field | None) -> None:
    """Add the validators to a text field, once. A password is not shown, so it may be of any characters."""
    if not isinstance(field, forms.CharField) or validate_marks in field.validators:
        return
    field.validators.append(validate_marks)
    if not isinstance(field.widget, forms.PasswordInput):
        field.validators.append(validate_visible)


def explain_dates(field: forms.Field | None) -> None:
    """Let a field of a day say how to write it: numbers such as 12/11/2026 are refused, for they have two meanings."""
    if isinstance(field, forms.SplitDateTimeField):
        field.fields[0].error_messages["invalid"] = WRITE_THE_DAY
    elif isinstance(field, forms.DateTimeField):
        field.error_messages["invalid"] = WRITE_THE_TIME
    elif isinstance(field, forms.DateField):
        field.error_messages["invalid"] = WRITE_THE_DAY


class LimitedText(_Form):
    """A form whose text fields all have the validators. A test checks that every form of the site is one."""

    def full_clean(self) -> None:
        for field in self.fields.values():
            limit_text(field)
            explain_dates(field)
        super().full_clean()
