"""Admin actions that ask first: rows are chosen, then the action is refused, asked about, or done and reported."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from techfest.core.admin.pages import staff_page
from techfest.core.errors import UserFacingError
from techfest.core.text_limits import LimitedText

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise
    Report = Iterable[tuple[Text, int]]

FormT = TypeVar("FormT", bound=forms.Form)
REASON_LENGTH = 300


class ReasonForm(LimitedText, forms.Form):
    """Asks for the reason, which the audit log keeps."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        help_text=_("The audit log keeps it for good. Write no names."),
        error_messages={"required": _("Enter the reason")},
        widget=forms.TextInput(attrs={"class": "vTextField", "dir": "auto"}),
    )


class NotifyForm(ReasonForm):
    """Asks for the reason, and whether the students are notified by mail."""

    notify = forms.BooleanField(label=_("Tell the students by mail"), required=False, initial=True)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the page says: `summary` are sentences with counts, `rows` has one line for each affected row."""

    title: "Text"
    submit_label: "Text"
    chosen: Sequence[Model]
    summary: Iterable["Text"] = ()
    rows: Iterable[Any] = ()
    is_danger: bool = False


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the button of the confirmation page was pressed."""
    return request.method == "POST" and request.POST.get("confirmed") == "yes"


def confirmation_form(form_class: type[FormT], request: HttpRequest, **values: Any) -> FormT:
    """Return the form of the confirmation page: bound once its button was pressed, empty before."""
    return form_class(request.POST if is_confirmed(request) else None, **values)


def confirmed_action(
    model_admin: "ModelAdmin[Any]",
    request: HttpRequest,
    *,
    action: str,
    confirmation: Callable[[], Confirmation],
    do: Callable[[], "Report"],
    refusal: "Text" = "",
    form: forms.Form | None = None,
    template: str = "admin/confirm_action.html",
) -> HttpResponseBase | None:
    """Run an admin action that asks first; return the page that asks, or `None` when the action is finished.

    A `refusal` is shown and ends the action. Otherwise the user sees the page that `confirmation` describes until
    its button is pressed and `form`, if there is one, is valid. Then `do` runs, and its report is shown.
    """
    if refusal:
        model_admin.message_user(request, refusal, messages.WARNING)
    elif is_confirmed(request) and (form is None or form.is_valid()):
        do_and_report(model_admin, request, do)
    else:
        return confirmation_page(
            request, model_admin, confirmation(), action=action, form=form, template=template
        )
    return None


def do_and_report(model_admin: "ModelAdmin[Any]", request: HttpRequest, do: Callable[[], "Report"]) -> bool:
    """Call `do` and show the sentences it returns, each with its message level.

    An error fit to show is shown instead; return whether there was none.
    """
    try:
        report = list(do())
    except UserFacingError as error:
        model_admin.message_user(request, str(error.text), messages.ERROR)
        return False
    for text, level in report:
        model_admin.message_user(request, text, level)
    return True


def confirmation_page(
    request: HttpRequest,
    model_admin: "ModelAdmin[Any]",
    confirmation: Confirmation,
    *,
    action: str,
    form: forms.Form | None = None,
    template: str = "admin/confirm_action.html",
    **context: Any,
) -> TemplateResponse:
    """Render the page that asks; its button posts to the action again, with `confirmed`."""
    return staff_page(
        request,
        model_admin,
        template,
        title=confirmation.title,
        confirmation=confirmation,
        action=action,
        form=form,
        **context,
    )


def size_refusal(count: int, maximum: int, *, none: "Text", too_many: "Text") -> "Text":
    """Return `none` where nothing is chosen, `too_many` with the maximum where too much is, "" otherwise."""
    if count > maximum:
        return too_many % {"maximum": maximum}
    return "" if count else none
