"""A form field for pictures."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from events.images import MAX_BYTES, NotAPicture
from events.models import Picture


class PictureField(forms.FileField):
    """An uploaded PNG or JPEG, re-encoded by `draw`; the value is an unsaved `Picture` or None."""

    def __init__(self, *, draw: Callable[[bytes], Picture], **kwargs: Any) -> None:
        self.draw = draw
        kwargs.setdefault("widget", forms.FileInput(attrs={"accept": "image/png,image/jpeg"}))
        super().__init__(required=False, max_length=300, **kwargs)

    def to_python(self, data: Any) -> Any:
        file = super().to_python(data)
        if file is None:
            return None
        if file.size > MAX_BYTES:
            raise ValidationError(_("The picture must be 2 MB or less."))
        try:
            return self.draw(file.read())
        except NotAPicture as error:
            raise ValidationError(str(error.text)) from error
