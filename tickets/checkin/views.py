"""The check-in pages: choose a checkpoint, scan, read the verdict, and what the scanner needs without a network."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from events.models import Fest
from tickets.checkin import keyboards
from tickets.checkin.access import checkin_staff_required, is_script
from tickets.checkin.answers import as_json, notice
from tickets.checkin.checkpoints import Checkpoint, checkpoints_of
from tickets.checkin.field import Answer, answer
from tickets.checkin.forms import KeyForm, SearchForm
from tickets.checkin.lookup import People, TooManySearches, TooManyUnknownCodes
from tickets.checkin.pages import checkpoint_context, people_context, scanner_context, verdict_context
from tickets.checkin.scan import SchoolList
from tickets.checkin.verdict_view import display_of
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
    return render(request, "checkin/scanner.html", scanner_context(request, checkpoint))


@checkin_staff_required
@require_POST
def scan(request: HttpRequest, checkpoint: Checkpoint) -> HttpResponse:
    """Checks in one code; scripts get JSON, browsers are redirected to the verdict."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        return redirect(checkpoint.url("scanner"))
    try:
        outcome = answer(
            checkpoint,
            text=request.POST.get("code", ""),
            key=form.cleaned_data["key"],
            user=request.user,
            registration_id=form.cleaned_data["registration"],
            how=CheckIn.How.SEARCH if request.POST.get("found") else CheckIn.How.SCAN,
        )
    except (TooManyUnknownCodes, TooManySearches) as error:
        return _too_many(request, checkpoint, error)
    hint = _keyboard_hint(request, outcome)
    if is_script(request):
        return as_json(checkpoint, outcome, hint)
    if hint:
        messages.warning(request, hint)
    return _as_page(request, checkpoint, outcome)


def _keyboard_hint(request: HttpRequest, outcome: Answer) -> str:
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
    return render(request, "checkin/verdict.html", verdict_context(request, display))


def _as_page(request: HttpRequest, checkpoint: Checkpoint, outcome: Answer) -> HttpResponse:
    if isinstance(outcome, Scan):
        response = redirect(checkpoint.url("verdict", outcome.link_id))
    elif isinstance(outcome, SchoolList):
        response = redirect(checkpoint.url("class", outcome.delegation.code))
    elif isinstance(outcome, People):
        form = SearchForm({"text": request.POST.get("code", "")})
        return render(request, "checkin/search.html", people_context(checkpoint, form, outcome))
    else:
        code = request.POST.get("code", "")
        return render(
            request, "checkin/choose.html", checkpoint_context(checkpoint, found=outcome.found, code=code)
        )
    response.status_code = 303
    return response


def _too_many(
    request: HttpRequest, checkpoint: Checkpoint, error: TooManyUnknownCodes | TooManySearches
) -> HttpResponse:
    if is_script(request):
        words = notice(_("Wait"), str(error.text))
        return JsonResponse(words | {"verdict": "too_many", "tone": "red"}, status=429)
    context = checkpoint_context(checkpoint, is_search=isinstance(error, TooManySearches), text=error.text)
    return render(request, "checkin/too_many.html", context, status=429)
