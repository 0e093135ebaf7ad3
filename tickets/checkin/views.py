"""The check-in pages: choose a checkpoint, scan, read the verdict, and what the scanner needs without a network."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from events.models import Fest
from registrations.models import Registration
from tickets.checkin import keyboards
from tickets.checkin.access import checkin_staff_required, is_script
from tickets.checkin.checkpoints import Checkpoint, checkpoints_of, counts_of
from tickets.checkin.forms import KeyForm
from tickets.checkin.lookup import Found, TooManyUnknownCodes
from tickets.checkin.scan import Choice, SchoolList, check_in
from tickets.checkin.verdict_view import VerdictDisplay, display_of
from tickets.checkin.verdicts import when
from tickets.keys import random_key
from tickets.models import CheckIn, Scan


@checkin_staff_required
@require_safe
def home(request: HttpRequest, fest: Fest) -> HttpResponse:
    """Lists every gate and event that this user may open."""
    checkpoints = checkpoints_of(request.user, fest)
    if len(checkpoints) == 1:
        return redirect(checkpoints[0].url("scanner"))
    return render(
        request, "checkin/home.html", {"checkpoints": [(one, one.url("scanner")) for one in checkpoints]}
    )


@checkin_staff_required
@require_safe
def by_code(request: HttpRequest, fest: Fest, code: str) -> HttpResponse:
    """The page that a phone's camera opens from a QR: choose the checkpoint."""
    doors = [(one, one.url("scan"), random_key()) for one in checkpoints_of(request.user, fest)]
    return render(request, "checkin/code.html", {"doors": doors, "code": code})


@checkin_staff_required
@require_safe
def scanner(request: HttpRequest, checkpoint: Checkpoint) -> HttpResponse:
    """The scanner, ready for the next ticket."""
    return render(request, "checkin/scanner.html", checkpoint_context(checkpoint))


@checkin_staff_required
@require_POST
def scan(request: HttpRequest, checkpoint: Checkpoint) -> HttpResponse:
    """Checks in one code; scripts get JSON, browsers are redirected to the verdict."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        return redirect(checkpoint.url("scanner"))
    try:
        outcome = check_in(
            checkpoint,
            code=request.POST.get("code", ""),
            key=form.cleaned_data["key"],
            user=request.user,
            registration_id=form.cleaned_data["registration"],
            how=CheckIn.How.SEARCH if request.POST.get("found") else CheckIn.How.SCAN,
        )
    except TooManyUnknownCodes as error:
        return _too_many(request, checkpoint, error)
    hint = _keyboard_hint(request, outcome)
    if is_script(request):
        return _as_json(checkpoint, outcome, hint)
    if hint:
        messages.warning(request, hint)
    return _as_page(request, checkpoint, outcome)


def _keyboard_hint(request: HttpRequest, outcome: Scan | Choice | SchoolList) -> str:
    """What is wrong with the keyboard of a hand scanner, if that can be why a code is not a ticket's."""
    is_none = isinstance(outcome, Scan) and outcome.verdict in (Scan.Verdict.UNKNOWN, Scan.Verdict.UNREADABLE)
    return keyboards.explain(request.POST.get("code", "")) if is_none else ""


@checkin_staff_required
@require_safe
def verdict(request: HttpRequest, checkpoint: Checkpoint, link_id: uuid.UUID) -> HttpResponse:
    """The answer to one scan, always the same, and a form for the next."""
    display = display_of(link_id, checkpoint)
    if display is None:
        raise Http404
    return render(request, "checkin/verdict.html", verdict_context(display))


def checkpoint_context(checkpoint: Checkpoint, **more: Any) -> dict[str, Any]:
    """Context of every page of a checkpoint: its name, the counts, and a form for the next scan."""
    urls = {name: checkpoint.url(name) for name in ("scanner", "scan", "search", "walk_in")}
    counts = counts_of(checkpoint)
    return {"checkpoint": checkpoint, "urls": urls, "key": random_key(), "counts": counts, **more}


def verdict_context(display: VerdictDisplay, **more: Any) -> dict[str, Any]:
    """Context of a verdict, with the actions it allows: re-entry, undo, seat."""
    actions = {name: display.checkpoint.url(name, display.scan.link_id) for name in ("again", "undo", "seat")}
    return checkpoint_context(
        display.checkpoint, display=display, actions={**actions, "key": random_key()}, **more
    )


def _as_page(
    request: HttpRequest, checkpoint: Checkpoint, outcome: Scan | Choice | SchoolList
) -> HttpResponse:
    if isinstance(outcome, Scan):
        response = redirect(checkpoint.url("verdict", outcome.link_id))
    elif isinstance(outcome, SchoolList):
        response = redirect(checkpoint.url("class", outcome.delegation.code))
    else:
        code = request.POST.get("code", "")
        return render(
            request, "checkin/choose.html", checkpoint_context(checkpoint, found=outcome.found, code=code)
        )
    response.status_code = 303
    return response


def _as_json(checkpoint: Checkpoint, outcome: Scan | Choice | SchoolList, hint: str) -> JsonResponse:
    counts = counts_of(checkpoint)
    answer = {"counts": {"in": counts.inside, "of": counts.expected}}
    if isinstance(outcome, Scan):
        hinted = {"sentence": hint} if hint else {}
        return JsonResponse(VerdictDisplay(outcome, checkpoint).as_json() | answer | hinted)
    if isinstance(outcome, SchoolList):
        school = outcome.delegation.school
        words = _notice(_("School's list"), _("Open the list of %(school)s.") % {"school": school})
        url = checkpoint.url("class", outcome.delegation.code)
        return JsonResponse(words | {"verdict": "school", "school": school.name, "url": url} | answer)
    words = _notice(_("Choose"), _("This person has several tickets here. Choose one."))
    choices = [_choice(one) for one in outcome.found]
    name = outcome.found[0].registration.student.name
    return JsonResponse(words | {"verdict": "choose", "name": name, "choices": choices} | answer)


def _notice(word: str, sentence: str) -> dict[str, Any]:
    """An answer that is no verdict, with all the keys of one."""
    empty = dict.fromkeys(("name", "grade", "school", "event", "hall", "when", "url"), "")
    return {**empty, "tone": "amber", "word": word, "sentence": sentence, "first": None, "choices": []}


def _choice(found: Found) -> dict[str, Any]:
    """One ticket to choose: it is sent back as `registration`, with the same code and a new key."""
    row: Registration = found.registration
    return {
        "registration": row.pk,
        "event": row.event.name,
        "hall": row.event.venue.name,
        "when": when(row.event),
        "is_in": bool(found.ticket and found.ticket.checked_in_at),
    }


def _too_many(request: HttpRequest, checkpoint: Checkpoint, error: TooManyUnknownCodes) -> HttpResponse:
    if is_script(request):
        words = _notice(_("Wait"), str(error.text))
        return JsonResponse(words | {"verdict": "too_many", "tone": "red"}, status=429)
    return render(request, "checkin/too_many.html", checkpoint_context(checkpoint), status=429)
