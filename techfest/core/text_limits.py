"""The limits of `techfest.core.text` for forms: every field that takes text refuses a run of marks, in words."""

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
    """Raises ValidationError for a letter with more combining marks than any language has.

    Some fields of Django read a text and make something else of it, which has been judged by then.
    """
    if isinstance(value, str) and has_mark_run(value):
        raise ValidationError(TOO_MANY_MARKS, code="marks", params={"maximum": MAX_MARKS})


def limit_marks(field: forms.Field | None) -> None:
    """Gives the validator to a field that takes text, however often called."""
    if isinstance(field, forms.CharField) and validate_marks not in field.validators:
        field.validators.append(validate_marks)


class LimitedText(_Form):
    """A form whose text fields are limited, whoever made them. Every form of the site is one; a test walks over all."""

    def full_clean(self) -> None:
        for field in self.fields.values():
            limit_marks(field)
        super().full_clean()
