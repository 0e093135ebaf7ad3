"""Admin actions that ask first: rows are chosen, then the action is refused, asked about, or done and reported."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
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
from techfest.core.admin.rehearsal import Consequences, carry_out, rehearse
from techfest.core.errors import UserFacingError
from techfest.core.text_limits import LimitedText

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise
    Report = Iterable[tuple[Text, int]]

FormT = TypeVar("FormT", bound=forms.Form)
REASON_LENGTH = 300
YOUR_WORDS = _("[your sentence]")
"""Stands in a mail that is shown before the organiser has written anything."""


class ReasonForm(LimitedText, forms.Form):
    """Asks for the reason, which the audit log keeps."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        help_text=_("The audit log keeps it for good. Do not write names."),
        error_messages={"required": _("Enter the reason")},
        widget=forms.TextInput(attrs={"class": "vTextField", "dir": "auto"}),
    )

    def rehearsed(self) -> dict[str, Any] | None:
        """The values with which the act is shown first; `None` where a choice without a default must be made."""
        values = {name: self.get_initial_for_field(field, name) for name, field in self.fields.items()}
        if any(
            values[name] is None and one.required for name, one in self.fields.items() if name != "reason"
        ):
            return None
        return values | {"reason": YOUR_WORDS}


class NotifyForm(ReasonForm):
    """Asks for the reason, and whether the students are notified by mail."""

    notify = forms.BooleanField(label=_("Tell the students by mail"), required=False, initial=True)


class TellForm(NotifyForm):
    """As `NotifyForm` where the mail quotes the reason; teachers can be asked to tell students without an address."""

    tell_teachers = forms.BooleanField(
        label=_("Mail their teachers, who can tell them"), required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("Your sentence in the mail")
        self.fields["reason"].help_text = _(
            "The mail quotes it as it is, without markup or links, and the audit log keeps it. Do not write names."
        )


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the page says: `summary` are sentences with counts, `rows` has one line for each affected row.

    `changes` are what is changed, what it was and what it will be.
    """

    title: "Text"
    submit_label: "Text"
    chosen: Sequence[Model]
    summary: Iterable["Text"] = ()
    rows: Iterable[Any] = ()
    changes: Sequence[tuple[Any, Any, Any]] = ()
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


def rehearsed_action(
    model_admin: "ModelAdmin[Any]",
    request: HttpRequest,
    *,
    action: str,
    confirmation: Callable[[], Confirmation],
    do: Callable[[dict[str, Any]], "Report"],
    form: ReasonForm,
    refusal: "Text" = "",
    template: str = "admin/confirm_action.html",
) -> HttpResponseBase | None:
    """As `confirmed_action`, for an act whose page shows who is affected and the mails, by doing and undoing it.

    `do` gets the values of the form, and runs in one transaction. It is done for good only if it does what the page
    showed; otherwise the page comes again and says so. Where the form has a choice without a default, the first page
    asks for it.
    """
    show = partial(confirmation_page, request, model_admin, action=action, form=form, template=template)
    if refusal:
        model_admin.message_user(request, refusal, messages.WARNING)
        return None
    is_sent = is_confirmed(request)
    values = form.cleaned_data if is_sent and form.is_valid() else None if is_sent else form.rehearsed()
    try:
        if values is None:
            return show(confirmation(), is_rehearsed=True)
        refused = None
        if is_sent and request.POST.get("seen") and "look" not in request.POST:
            refused, is_done = _carry_out(do, values, request.POST["seen"])
            if is_done:
                _report(model_admin, request, refused)
                return None
        shown = _shown(do, values, refused)
        return show(confirmation(), outcome=shown, is_rehearsed=True, is_changed=refused is not None)
    except UserFacingError as error:
        model_admin.message_user(request, str(error.text), messages.ERROR)
    return None


def _of_act(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "tell_teachers"}


def _notifies(values: dict[str, Any]) -> dict[str, Any]:
    """The page shows the mails; its second button does the act without them."""
    return {"notify": True} if "notify" in values else {}


def _shown(
    do: Callable[[dict[str, Any]], "Report"], values: dict[str, Any], refused: Consequences | None
) -> Consequences:
    """Return what the act does, with its mails; `refused` has them unless the act was to send none."""
    wanted = _of_act(values) | _notifies(values)
    if refused is not None and wanted == _of_act(values):
        return refused
    return rehearse(lambda: do(wanted))


def _carry_out(
    do: Callable[[dict[str, Any]], "Report"], values: dict[str, Any], seen: str
) -> tuple[Consequences, bool]:
    tells = bool(values.get("tell_teachers") and values.get("notify", True))
    return carry_out(
        lambda: do(_of_act(values)), seen=seen, tells_teachers=tells, words=values.get("reason", "")
    )


def _report(model_admin: "ModelAdmin[Any]", request: HttpRequest, found: Consequences) -> None:
    """Say what has happened: first in numbers, then what the act itself reports."""
    if found.counts:
        model_admin.message_user(request, counted(found), messages.SUCCESS)
    for text, level in found.report:
        model_admin.message_user(request, text, level)


def counted(found: Consequences) -> str:
    """3 promoted, 3 mails queued."""
    return f"{', '.join(found.counts)}."


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
