"""The pages that ask before an event is saved: about the edit of someone else, and about the consequences."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from registrations.admin.event_address import LOOK, SEEN, UNMAILED, question_path
from registrations.admin.event_form import KEPT_PICTURE, ApplyForm, EventForm
from registrations.admin.event_rehearsal import rehearsed
from registrations.event_changes.impact import Edit, Impact, digest
from registrations.event_changes.messages import sentences
from techfest.core.admin.base import page_of
from techfest.core.admin.concurrent_edits import UNDECIDED, ConcurrentEdit, carried, in_words
from techfest.core.admin.pages import staff_page
from techfest.core.admin.question_address import ANSWER, is_question
from techfest.core.formatting import dated_moment, exact_moment

if TYPE_CHECKING:
    from registrations.admin.events import EventAdmin


def answers(
    request: HttpRequest, impact: Impact, form: EventForm, now: dt.datetime, *, is_new: bool = False
) -> ApplyForm:
    """Return the form of the page that asks: with what was typed there, or as it is first shown.

    With `is_new` the consequences are no longer those that were shown, so that choices about them are made anew.
    """
    reason = form.cleaned_data["reason"]
    is_typed = SEEN in request.POST or any(key.startswith(ANSWER) for key in request.POST)
    if is_new:
        return ApplyForm(None, impact=impact, now=now, reason=request.POST.get("hold-reason", reason))
    return ApplyForm(request.POST if is_typed else None, impact=impact, now=now, reason=reason)


def impact_page(
    admin: "EventAdmin",
    request: HttpRequest,
    form: EventForm,
    impact: Impact,
    decision_form: ApplyForm,
    others: list[ConcurrentEdit],
    now: dt.datetime,
) -> HttpResponseBase:
    """Show what saving would do. The first question, and a look at the mail, are pages with an address."""
    is_first = request.method == "POST" and (SEEN not in request.POST or LOOK in request.POST)
    if is_first and not others and (path := question_path(form, form.instance)):
        return HttpResponseRedirect(path)
    seen = digest([impact])
    is_changed = request.POST.get(SEEN, seen) != seen
    if is_changed:
        decision_form = answers(request, impact, form, now, is_new=True)
    # Before the rehearsal, which changes the rows of the impact.
    said = sentences(impact, now=now, names_unmailed=False)
    shown = differences(form, impact.edit)
    return staff_page(
        request,
        admin,
        "admin/registrations/event_impact.html",
        title=_("Save %(event)s?") % {"event": impact.edit.before.name},
        event=form.instance,
        sentences=said,
        differences=shown,
        outcome=rehearsed(request, impact, decision_form, now),
        decision_form=decision_form,
        submit_label=_("Cancel the event") if impact.edit.is_event_cancelled else _("Save"),
        is_danger=bool(impact.cancelled or impact.edit.is_event_cancelled),
        is_changed=is_changed,
        others=[concurrent_edit_text(one) for one in others],
        action=request.get_full_path() if is_question(request) else page_of(form.instance),
        hidden=[*_hidden(request, form), (SEEN, seen)],
    )


def _hidden(request: HttpRequest, form: EventForm) -> list[tuple[str, str]]:
    """The form, unless the address has it."""
    if is_question(request):
        return []
    return [*carried(form, leave_out=[KEPT_PICTURE, "reason", LOOK, UNMAILED]), *form.kept_picture()]


def conflict_page(
    admin: "EventAdmin", request: HttpRequest, form: EventForm, others: list[ConcurrentEdit]
) -> HttpResponseBase:
    """Ask which value to save of fields that someone else changed meanwhile."""
    conflicts = [one for one in others if one.is_conflict]
    return staff_page(
        request,
        admin,
        "admin/registrations/event_concurrent_edits.html",
        title=_("Someone else changed this in the meantime"),
        event=form.instance,
        conflicts=conflicts,
        others=[concurrent_edit_text(one) for one in others if not one.is_conflict],
        is_again=bool(request.POST.getlist(UNDECIDED)),
        hidden=[
            *carried(form, leave_out=[KEPT_PICTURE]),
            *form.kept_picture(),
            *((UNDECIDED, one.name) for one in conflicts),
        ],
    )


def concurrent_edit_text(one: ConcurrentEdit) -> str:
    words = {"field": one.label, "old": one.old, "new": one.new, "who": one.who}
    if one.who and one.when:
        text = _(
            "%(who)s changed “%(field)s” from %(old)s to %(new)s in the meantime (%(when)s). That change is kept."
        )
        return text % (words | {"when": exact_moment(one.when)})
    return _("“%(field)s” was changed from %(old)s to %(new)s in the meantime. That change is kept.") % words


def differences(form: EventForm, edit: Edit) -> list[tuple[str, str, str]]:
    """Return the label of each changed field with its old and its new value in words."""
    found = []
    for name, field in form.fields.items():
        pair: tuple[Any, Any]
        if name in edit.changed:
            pair = getattr(edit.before, name), getattr(edit.after, name)
        elif name == "capacity" and edit.added:
            pair = edit.seats.capacity, edit.capacity
        else:
            continue
        words: Callable[[Any], str] = dated_moment if _is_another_year(*pair) else partial(in_words, field)
        was, will = map(words, pair)
        found.append((capfirst(str(field.label or name)), was, will))
    return found


def _is_another_year(was: Any, will: Any) -> bool:
    """Whether the year is what changes; elsewhere the page leaves it out."""
    return isinstance(was, dt.datetime) and isinstance(will, dt.datetime) and was.year != will.year
