"""The four ready-made questions, each switched on with one click."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from events.models import Event, Fest
from registrations.models import Question
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now

Kind, Ready = Question.Kind, Question.Ready


def ready_values(ready: str) -> dict[str, Any]:
    """The fields of a ready-made question, in the language of the page."""
    match Ready(ready):
        case Ready.FOOD:
            return {
                "text": _("Food and allergies"),
                "help_text": _("What you do not eat, and what you are allergic to."),
                "kind": Kind.LONG,
                "purpose": _("the kitchen and the first aiders plan with it"),
            }
        case Ready.PHOTO:
            return {
                "text": _("May we publish photos on which you can be recognised?"),
                "help_text": _("You take part either way."),
                "kind": Kind.YES_NO,
                "is_required": True,
                "purpose": _("the photographers respect it"),
            }
        case Ready.ACCESS:
            return {
                "text": _("What do you need to take part?"),
                "help_text": _("For example a ramp, a seat in front, more time, an interpreter."),
                "kind": Kind.LONG,
                "purpose": _("we prepare the venue"),
            }
        case Ready.EMERGENCY:
            return {
                "text": _("Whom do we call in an emergency?"),
                "help_text": _("Name and phone number of a parent or guardian."),
                "kind": Kind.SHORT,
                "purpose": _("we call only if something happens to you at the fest"),
                "erased_after_days": 7,
            }


@transaction.atomic
def switch_on(fest: Fest, ready: str, *, user: Any, event: Event | None = None) -> Question:
    """Asks the ready-made question of the fest or of an event; one that was switched off is asked again."""
    question, is_new = Question.objects.get_or_create(
        fest=fest,
        event=event,
        ready=ready,
        defaults=ready_values(ready) | {"position": list(Ready).index(Ready(ready))},
    )
    if is_new:
        record(question, what="added", now=database_now(), user=user)
    else:
        set_asked(question, is_asked=True, user=user)
    return question


@transaction.atomic
def set_asked(question: Question, *, is_asked: bool, user: Any) -> None:
    """Switches a question on or off."""
    if Question.objects.filter(pk=question.pk, is_asked=not is_asked).update(is_asked=is_asked):
        before, after = {"is_asked": not is_asked}, {"is_asked": is_asked}
        record(question, what="changed", now=database_now(), user=user, before=before, after=after)
