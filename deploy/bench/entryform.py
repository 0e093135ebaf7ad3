"""The form of the product's peers: the same fields, no rules beyond their kinds."""

from typing import Any

from django import forms


class EntryForm(forms.Form):
    name = forms.CharField(max_length=200)
    school = forms.CharField(max_length=200)
    grade = forms.IntegerField(min_value=1, max_value=13)
    section = forms.CharField(max_length=20, required=False)
    roll_number = forms.CharField(max_length=20, required=False)
    email = forms.EmailField(required=False)
    events = forms.SlugField(max_length=80)
    consent = forms.BooleanField()

    def values(self) -> dict[str, Any]:
        """The columns of an entry but its event."""
        return {name: value for name, value in self.cleaned_data.items() if name not in {"events", "consent"}}
