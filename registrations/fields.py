"""Form fields for typed text: any script, invisible characters ignored, nothing truncated."""

import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.email_text import addresses_in, is_email
from registrations.students.names import clean_text, has_letter
from techfest.core.text import has_visible
from techfest.core.text_limits import validate_marks

LONGEST_TYPED = 4
"""A field reads this many times its limit, since spaces and decomposed letters are normalised before counting."""


class TextField(forms.CharField):
    """One line of text in NFC without control characters.

    `max_characters` limits its length; `key` makes the text to compare, which may be longer up to its own limit.
    """

    def __init__(
        self,
        *,
        max_characters: int,
        too_long: Any,
        key: Callable[[str], str] | None = None,
        max_characters_in_key: int = 0,
        attrs: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.max_characters, self.too_long = max_characters, too_long
        self.key, self.max_characters_in_key = key, max_characters_in_key or max_characters
        kwargs.setdefault("widget", forms.TextInput(attrs=attrs or {}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        text = "" if value is None else str(value)
        if len(text) > LONGEST_TYPED * self.max_characters:
            raise ValidationError(self.too_long)
        if text.isascii() and text.isprintable():
            return clean_text(text)  # nothing of what follows applies to it
        validate_marks(text)
        if "\ufffd" in text or (not text.isprintable() and any(map(_is_control, text))):
            raise ValidationError(_("Remove the control characters from this field"))
        return clean_text(text) if has_visible(text) else ""

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value) > self.max_characters or (
            self.key and len(self.key(value)) > self.max_characters_in_key
        ):
            raise ValidationError(self.too_long)


class NameField(TextField):
    """The name of a person, which has at least one letter of any script."""

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not has_letter(value):
            raise ValidationError(_("A name has letters: write it as it is spoken, in any script"))


class EmailField(TextField):
    """One e-mail address with a public domain; spaces and what is copied along with an address are ignored."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "email", "spellcheck": "false", "inputmode": "email", "size": "30"}
        super().__init__(
            max_characters=254,
            too_long=gettext_lazy("E-mail address must be 254 characters or less"),
            widget=forms.EmailInput(attrs=attrs),
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        addresses = addresses_in(super().to_python(value))
        if len(addresses) > 1:
            words = {"one": addresses[0], "other": addresses[1]}
            raise ValidationError(_("Enter one e-mail address only: %(one)s or %(other)s") % words)
        return "".join(addresses)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not is_email(value):
            raise ValidationError(_("Enter an e-mail address in the correct format, like name@example.com"))


MISTYPED = {
    "gmial.com": "gmail.com",
    "gmai.com": "gmail.com",
    "gmail.co": "gmail.com",
    "gmail.con": "gmail.com",
    "gamil.com": "gmail.com",
    "yahooo.com": "yahoo.com",
    "yaho.com": "yahoo.com",
    "hotmial.com": "hotmail.com",
    "outlok.com": "outlook.com",
}


def suggested_email(email: str) -> str:
    """The address that was probably meant, or an empty string. Only a suggestion."""
    local, _at, domain = email.rpartition("@")
    meant = MISTYPED.get(domain.lower())
    return f"{local}@{meant}" if meant else ""


def offer(form: forms.BaseForm, name: str, choices: Iterable[tuple[Any, Any]]) -> None:
    """Sets the choices of one field of this form."""
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(name)
    field.choices = list(choices)


def _is_control(character: str) -> bool:
    """Characters that no keyboard types: controls except white space, surrogates, private ones."""
    return unicodedata.category(character) in ("Cc", "Cs", "Co") and not character.isspace()
