"""The one way in which the admin asks before it acts: what will happen, to whom, why, and who is told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from techfest.core.text_limits import LimitedText

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    _Admin = ModelAdmin[Any]
    Words = str | _StrPromise

REASON_LENGTH = 300


class ReasonForm(LimitedText, forms.Form):
    """Why; it stands in the trail."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        help_text=_("It stands in the trail for good. Write no names."),
        error_messages={"required": _("Say why")},
        widget=forms.TextInput(attrs={"class": "vTextField", "dir": "auto"}),
    )


class NotifyForm(ReasonForm):
    """Why, and whether those concerned are told by mail."""

    notify = forms.BooleanField(label=_("Tell the students by mail"), required=False, initial=True)


@dataclass(frozen=True, slots=True)
class Question:
    """What the page says. `summary` holds sentences with counts, `rows` those concerned, one line each."""

    title: "Words"
    submit_label: "Words"
    chosen: Sequence[Model]
    summary: Iterable["Words"]
    rows: Iterable[Any] = field(default=())
    is_danger: bool = False


def is_answered(request: HttpRequest) -> bool:
    """Whether the page's own button was pressed."""
    return request.method == "POST" and request.POST.get("confirmed") == "yes"


def answered(form_class: type[forms.Form], request: HttpRequest, **values: Any) -> forms.Form:
    """The form of the page: empty where the action was only chosen, filled in once the button was pressed."""
    return form_class(request.POST if is_answered(request) else None, **values)


def ask(
    request: HttpRequest,
    model_admin: "_Admin",
    *,
    action: str,
    question: Question,
    form: forms.Form | None = None,
    template: str = "admin/act.html",
    **more: Any,
) -> HttpResponseBase:
    """The page that asks; its button comes back to the action with `confirmed`."""
    context: dict[str, Any] = {
        **model_admin.admin_site.each_context(request),
        "title": question.title,
        "opts": model_admin.opts,
        "media": model_admin.media,
        "question": question,
        "chosen": question.chosen,
        "action": action,
        "submit_label": question.submit_label,
        "is_danger": question.is_danger,
        "form": form,
        **more,
    }
    return TemplateResponse(request, template, context)
