"""What is asked before certificates are printed."""

from django import forms
from django.utils.translation import gettext_lazy as _

from techfest.core.text_limits import LimitedText
from tickets.documents.certificates import MAX_RANK


class ParticipationForm(LimitedText, forms.Form):
    """Where nobody was checked in, somebody has to say that all were there."""

    everybody = forms.BooleanField(label=_("Everybody with a seat took part"), required=False)


class RanksForm(LimitedText, forms.Form):
    max_rank = forms.IntegerField(
        label=_("Up to rank"),
        min_value=1,
        max_value=MAX_RANK,
        initial=3,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "size": "4", "autocomplete": "off"}),
        error_messages={
            "required": _("Enter up to which rank, like 3"),
            "invalid": _("Enter up to which rank, like 3"),
            "min_value": _("Enter a rank from 1 to 100"),
            "max_value": _("Enter a rank from 1 to 100"),
        },
    )
