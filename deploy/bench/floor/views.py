"""The form, the insert and the answer."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from deploy.bench.entryform import EntryForm
from deploy.bench.floor.models import Entry


def register(request: HttpRequest) -> HttpResponse:
    form = EntryForm(request.POST or None, initial={"events": request.GET.get("event")})
    if request.method == "POST" and form.is_valid():
        entry = Entry(event=form.cleaned_data["events"], **form.values())
        entry.save()
        return redirect("answer", entry.pk)
    return render(request, "floor/page.html", {"form": form})


def answer(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "floor/page.html", {"entry": get_object_or_404(Entry, pk=pk)})
