"""The address of the page that asks before an event is saved: it holds what is to be changed.

So the page can be opened again, by the browser's Back, by a link, and after a login that had ended. Opening it saves
nothing; its button posts to the same address.
"""

from collections.abc import Iterable

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from events.models import Event
from registrations.admin.event_form import KEPT_PICTURE, EventForm
from techfest.core.admin.concurrent_edits import carried, is_of, stored_values
from techfest.core.admin.question_address import FIELD, MAX_LENGTH, copy_answers

CONTINUE = "_continue"
SEEN, LOOK, UNMAILED = "seen", "look", "unmailed"


def question_path(form: EventForm, event: Event) -> str:
    """Return the address that asks about what this valid form changes; empty where it would be too long."""
    query = QueryDict(mutable=True)
    query.setlist(FIELD, form.changed_data)
    for key, value in carried(form, leave_out=[KEPT_PICTURE]):
        if key == CONTINUE or any(is_of(key.removeprefix("initial-"), name) for name in form.changed_data):
            query.appendlist(key, value)
    for key, value in form.kept_picture():
        query[key] = value
    if isinstance(form.data, QueryDict):
        copy_answers(form.data, query)
    path = f"{act_path(event.pk)}?{query.urlencode()}"
    return path if len(path) <= MAX_LENGTH else ""


def act_path(event_id: int) -> str:
    return reverse("admin:events_event_act", args=[event_id])


def form_data(form: EventForm, request: HttpRequest) -> QueryDict:
    """Return the event's whole form with the changes of the address, and what was typed on the page that asks."""
    data, asked = stored_values(form), request.GET
    for name in asked.getlist(FIELD):
        if name in form.fields:
            _take(data, asked, name)
    for key in (KEPT_PICTURE, CONTINUE):
        if key in asked:
            data[key] = asked[key]
    if request.method != "POST":
        copy_answers(asked, data)
        return data
    copy_answers(request.POST, data)
    for key in (SEEN, LOOK):
        if key in request.POST:
            data[key] = request.POST[key]
    return data


def _take(data: QueryDict, asked: QueryDict, name: str) -> None:
    for key in [key for key in data if is_of(key.removeprefix("initial-"), name)]:
        del data[key]
    for key in _keys_of(asked, name):
        data.setlist(key, asked.getlist(key))


def _keys_of(asked: QueryDict, name: str) -> Iterable[str]:
    return [key for key in asked if is_of(key.removeprefix("initial-"), name)]
