"""The limits of `techfest.core.text` for forms: text fields reject runs of combining marks with a message."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from techfest.core.text import MAX_MARKS, has_mark_run

if TYPE_CHECKING:
    _Form = forms.BaseForm
else:
    _Form = object

TOO_MANY_MARKS = _("Remove the accents that are stacked on one letter: it can carry %(maximum)d at most")


def validate_marks(value: Any) -> None:
    """Raise ValidationError for a letter with more combining marks than any language uses.

    Values other than strings pass: fields that convert their text have validated it.
    """
    if isinstance(value, str) and has_mark_run(value):
        raise ValidationError(TOO_MANY_MARKS, code="marks", params={"maximum": MAX_MARKS})


def limit_marks(field: forms.Field | None) -> None:
    """Add the validator to a text field, once."""
    if isinstance(field, forms.CharField) and validate_marks not in field.validators:
        field.validators.append(validate_marks)


class LimitedText(_Form):
    """A form whose text fields all have the validator. A test checks that every form of the site is one."""

    def full_clean(self) -> None:
        for field in self.fields.values():
            limit_marks(field)
        super().full_clean()
