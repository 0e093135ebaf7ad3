"""Save, reserve, ticket, mail: one after the other, while the visitor waits."""

import segno
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string

from deploy.bench.entryform import EntryForm
from deploy.bench.naive.models import Entry, Event


def register(request: HttpRequest) -> HttpResponse:
    form = EntryForm(request.POST or None, initial={"events": request.GET.get("event")})
    if request.method == "POST" and form.is_valid():
        entry = Entry(event=get_object_or_404(Event, slug=form.cleaned_data["events"]), **form.values())
        entry.save()
        reserve(entry)
        send_ticket(entry)
        return redirect("answer", entry.pk)
    return render(request, "naive/page.html", {"form": form})


def answer(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "naive/page.html", {"entry": get_object_or_404(Entry, pk=pk)})


def reserve(entry: Entry) -> None:
    """Read, look, write back: two of them at once read the same number."""
    event = Event.objects.get(pk=entry.event.pk)
    if event.taken < event.capacity:
        event.taken += 1
        entry.is_confirmed = True
    else:
        event.waiting += 1
    event.save()
    entry.save()


def send_ticket(entry: Entry) -> None:
    """Make the PDF of a confirmed entry and hand the mail to the provider."""
    mail = EmailMessage(f"Your registration, {entry.name}", "See the page or the ticket.", to=[entry.email])
    if entry.is_confirmed:
        mail.attach("ticket.pdf", ticket(entry), "application/pdf")
    mail.send()


def ticket(entry: Entry) -> bytes:
    from weasyprint import HTML  # heavy, and only this call needs it

    code = segno.make(f"http://127.0.0.1/t/{entry.pk}/").svg_inline(scale=4)
    page = render_to_string("naive/ticket.html", {"entry": entry, "code": code})
    content: bytes = HTML(string=page).write_pdf()
    return content
