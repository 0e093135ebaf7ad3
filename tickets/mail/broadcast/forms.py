"""Forms of messages. The text is plain and never becomes markup in a mail."""

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.fields import TextField
from techfest.core.text_limits import LimitedText

MAX_CHARACTERS = 5000
TOO_LONG = _("The text must be 5,000 characters or less")


class MessageForm(LimitedText, forms.Form):
    subject = TextField(
        label=_("Subject"),
        max_characters=150,
        too_long=_("The subject must be 150 characters or less"),
        attrs={"class": "vTextField", "dir": "auto"},
        error_messages={"required": _("Enter a subject")},
    )
    text = forms.CharField(
        label=_("Text"),
        help_text=_(
            "Plain text: nothing in it becomes markup or a link. Empty lines separate paragraphs. The fest's name, the"
            " contact and the way to the registrations are added below."
        ),
        widget=forms.Textarea(attrs={"rows": 12, "dir": "auto"}),
        error_messages={"required": _("Enter the text")},
    )

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"].replace("\r\n", "\n").replace("\r", "\n").strip()
        if len(text) > MAX_CHARACTERS:
            raise forms.ValidationError(TOO_LONG)
        if any(ord(character) < 32 and character not in "\n\t" for character in text):
            raise forms.ValidationError(_("Remove the control characters from this field"))
        return text


class ConfirmForm(LimitedText, forms.Form):
    """Carries the number of mails that was shown next to the button."""

    mails = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
