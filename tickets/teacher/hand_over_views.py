"""Handing class lists over to a colleague of the same school."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from registrations.class_lists.absent import explain_missing_list
from registrations.class_lists.hand_over import colleagues_of, hand_over, lists_of
from registrations.fields import offer
from registrations.forms import PlainForm
from registrations.models import ClassList, Teacher
from registrations.teachers.access import teacher_required
from techfest.core.db.clock import database_now
from tickets.teacher.access import current_fest


class HandoverForm(PlainForm):
    """Which lists, and to whom."""

    lists = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Class lists"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Select at least one class list")},
    )
    colleague = forms.TypedChoiceField(
        label=gettext_lazy("To whom"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Select a colleague")},
    )

    def __init__(self, *args: Any, lists: list[ClassList], colleagues: list[Teacher], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "lists", [(row.pk, _line(row)) for row in lists])
        offer(self, "colleague", [(teacher.pk, teacher.name) for teacher in colleagues])


@teacher_required
@require_http_methods(["GET", "HEAD", "POST"])
@explain_missing_list
def handover(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """Who looks after which list; mails go there."""
    fest = current_fest()
    lists, colleagues = lists_of(teacher.school, fest.pk), colleagues_of(teacher)
    mine = [row.pk for row in lists if row.owner == teacher.user]
    form = HandoverForm(
        request.POST if request.method == "POST" else None,
        initial={"lists": mine},
        lists=lists,
        colleagues=colleagues,
    )
    if form.is_valid():
        taker = next(one for one in colleagues if one.pk == form.cleaned_data["colleague"])
        hand_over(form.cleaned_data["lists"], giver=teacher, taker=taker, fest_id=fest.pk, now=database_now())
        return redirect(f"{reverse('teacher:home')}?done=handed")
    context = {"form": form, "has_lists": bool(lists), "has_colleagues": bool(colleagues)}
    return render(request, "teacher/handover.html", context)


def _line(row: ClassList) -> str:
    owner = row.owner.get_full_name() or row.owner.get_username()
    return _("%(title)s (now with %(owner)s)") % {"title": row.title, "owner": owner}
