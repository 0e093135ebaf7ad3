"""The checklist before a fest goes live, in an organiser's words."""

import datetime as dt
from collections.abc import Iterator
from ctypes.util import find_library
from dataclasses import dataclass
from email.utils import parseaddr
from functools import cache
from pathlib import Path

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from events.models import Event, Fest
from registrations.students.consents import newest_text
from techfest.core.admin.base import page_of
from techfest.core.formatting import dated_moment
from techfest.core.roles import owners
from tickets.mail.provider_limits import windows
from tickets.mail.queue import oldest_pending_age
from tickets.models import DeliveryEvent
from tickets.pdf.engine import INSTALL

MAX_MAIL_AGE = dt.timedelta(minutes=5)
"""A mail pending for longer means that no worker sends mails."""
MAX_BACKUP_AGE = dt.timedelta(hours=26)
"""A day, and two hours for a slow backup."""
_WHO = _lazy("The person who runs the computer")
_RESERVED = ("localhost", "example", "example.com", "example.org", "example.net", "invalid", "test", "local")


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the checklist: whether it is done, a sentence about it, and the admin page to fix it on."""

    title: str
    is_well: bool
    words: str
    url: str = ""


def points(fest: Fest, *, now: dt.datetime) -> list[Point]:
    """Return all points in the order of setting up a fest, with about a dozen queries."""
    return [*_of_site(now), *_of_fest(fest, now), *_of_events(fest), *_of_mail(now)]


def backup_mark() -> Path:
    """Return the file that a backup touches when it succeeds."""
    return Path(settings.DATA) / "backup-seen"


def _of_site(now: dt.datetime) -> Iterator[Point]:
    yield _https()
    words = _("Error pages show nothing of the inside of the site.")
    if settings.DEBUG:
        words = _("Error pages show the inside of the site to everyone. %(who)s turns DEBUG off.") % {
            "who": _WHO
        }
    yield Point(_("Error pages"), not settings.DEBUG, words)
    yield _second_step()
    yield _backup(now)
    words = _("The workers render tickets, badges and certificates with it.")
    if not has_pdf_library():
        words = _(
            "Without it mails are sent without PDF tickets. Install it on the workers' machine: %(line)s"
        )
        words %= {"line": INSTALL}
    yield Point(_("PDF library"), has_pdf_library(), words)


def _https() -> Point:
    words = _("Pages, tickets and links are encrypted: %(url)s.")
    if not settings.HTTPS:
        words = _("Pages are not encrypted. %(who)s sets up https and SITE_URL, now %(url)s.")
    words %= {"url": settings.SITE_URL, "who": _WHO}
    return Point(_("Encrypted pages (https)"), settings.HTTPS, words)


def _second_step() -> Point:
    """Every owner has an authenticator app."""
    has_app = Authenticator.objects.filter(type=Authenticator.Type.TOTP).values("user")
    bare = owners().filter(is_staff=True).exclude(pk__in=has_app)
    without = sorted(bare.values_list("username", flat=True))
    words = _("A code is required at the login of owners, and all have set it up.")
    if without:
        words = _("Without an authenticator app: %(names)s. They set it up at the next login.") % {
            "names": ", ".join(without)
        }
    if not settings.REQUIRE_SECOND_FACTOR:
        words = _(
            "Owners log in with a password alone, and a stolen one gives full access. "
            "%(who)s sets REQUIRE_SECOND_FACTOR."
        ) % {"who": _WHO}
    is_well = settings.REQUIRE_SECOND_FACTOR and not without
    return Point(_("Second step of owners"), is_well, words, reverse("admin:auth_user_changelist"))


def _backup(now: dt.datetime) -> Point:
    """The last successful backup is recent."""
    try:
        last = dt.datetime.fromtimestamp(backup_mark().stat().st_mtime, dt.UTC)
    except FileNotFoundError:
        words = _("No backup was seen. %(who)s sets up a backup each night that ends with: touch %(path)s")
        words %= {"path": backup_mark(), "who": _WHO}
        return Point(_("Backup"), False, words)
    words = _("The last backup was seen on %(when)s; there should be one each night.")
    return Point(
        _("Backup"), now - last <= MAX_BACKUP_AGE, words % {"when": f"{dated_moment(last, zone=dt.UTC)} UTC"}
    )


@cache
def has_pdf_library() -> bool:
    """Whether the PDF library is installed; loading it would cost each web worker memory."""
    return all(map(find_library, ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset")))


def _of_fest(fest: Fest, now: dt.datetime) -> Iterator[Point]:
    url = page_of(fest)
    words = _("The public pages show this fest.")
    if not fest.is_current:
        words = _("The public pages show another fest, or none. Tick “current” on this fest's page.")
    yield Point(_("Current fest"), fest.is_current, words, url)
    first = fest.events.order_by("starts_at").values_list("starts_at", flat=True).first()
    in_order = now < fest.closes_at and (first is None or fest.closes_at <= first)
    words = _(
        "Registration opens on %(opens)s and closes on %(closes)s, before the first event, times of %(zone)s."
    )
    if not in_order:
        words = _(
            "Registration opens on %(opens)s and closes on %(closes)s, times of %(zone)s. It must close in the future, "
            "and before the first event begins."
        )
    times = {name: dated_moment(getattr(fest, f"{name}_at"), zone=fest.zone) for name in ("opens", "closes")}
    yield Point(_("Opening times"), in_order, words % {**times, "zone": fest.time_zone}, url)
    yield _contact(fest, url)
    text = newest_text(fest)
    words = _("Students agree to: “%(text)s”") % {"text": text.text} if text else _("There is none yet.")
    yield Point(
        _("Consent text"), text is not None, words, reverse("admin:registrations_consenttext_changelist")
    )


def _contact(fest: Fest, url: str) -> Point:
    """Visitors can reach a person, and read who runs the fest."""
    missing = [
        label
        for label, is_missing in (
            (_("the name of the contact"), not fest.contact_name),
            (_("the text about privacy"), not fest.privacy_text),
            (_("a real e-mail address"), _is_reserved(fest.contact_email)),
        )
        if is_missing
    ]
    words = _("Visitors write to %(email)s; the privacy page says who runs the fest.")
    if missing:
        words = _("Visitors write to %(email)s. Missing: %(missing)s.")
    return Point(
        _("Contact"), not missing, words % {"email": fest.contact_email, "missing": ", ".join(missing)}, url
    )


def _of_events(fest: Fest) -> Iterator[Point]:
    events = Event.objects.filter(fest=fest).exclude(state=Event.State.CANCELLED)
    url = f"{reverse('admin:events_event_changelist')}?fest__id__exact={fest.pk}"
    drafts, published = (
        events.filter(state=Event.State.DRAFT).count(),
        events.filter(state=Event.State.PUBLISHED).count(),
    )
    words = _("%(published)d published; %(drafts)d drafts, which visitors do not see.")
    yield Point(
        _("Events"), published > 0 and not drafts, words % {"published": published, "drafts": drafts}, url
    )
    empty = _names(events.filter(Q(seats__capacity=0) | Q(seats=None)))
    words = _("Every event has seats.") if not empty else _("Without a seat: %(names)s.") % {"names": empty}
    yield Point(_("Capacities"), not empty, words, url)
    late = _names(events.filter(Q(promotes_until__gt=F("starts_at")) | Q(seats_kept_until__gt=F("ends_at"))))
    words = _("Every waiting list closes before its event starts.")
    if late:
        words = _("The waiting list closes after the start, or seats are kept past the end: %(names)s.")
        words %= {"names": late}
    yield Point(_("Waiting lists"), not late, words, url)


def _names(events: "QuerySet[Event]") -> str:
    """Return the names of the first five events."""
    return ", ".join(events.order_by("starts_at", "pk").values_list("name", flat=True)[:5])


def _of_mail(now: dt.datetime) -> Iterator[Point]:
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    words = _("Mails come from %(sender)s. Its domain must be yours, and the provider must know it.")
    yield Point(_("Sender of mails"), not _is_reserved(sender), words % {"sender": sender})
    words = _("No mail is sent: they become files in %(folder)s. %(who)s sets EMAIL_PROVIDER.") % {
        "folder": settings.EMAIL_FILE_PATH,
        "who": _WHO,
    }
    if settings.EMAIL_PROVIDER:
        words = _("Mails go through %(provider)s.") % {"provider": settings.EMAIL_PROVIDER}
    yield Point(_("Mail provider"), bool(settings.EMAIL_PROVIDER), words)
    last_event_at = (
        DeliveryEvent.objects.order_by("-received_at").values_list("received_at", flat=True).first()
    )
    words = _("The provider has not reported on any mail yet. Enter this address at the provider: %(url)s")
    words %= {"url": f"{settings.SITE_URL}/hooks/{settings.EMAIL_PROVIDER or 'mailgun'}/"}
    if last_event_at:
        words = _("The provider last reported on a mail on %(when)s.") % {
            "when": f"{dated_moment(last_event_at, zone=dt.UTC)} UTC"
        }
    yield Point(_("Reports about mails"), last_event_at is not None, words)
    age = oldest_pending_age(now)
    words = _("No mail is pending. The test mail below shows whether the workers run.")
    if age is not None:
        words = _("The oldest pending mail has waited for %(seconds)d seconds.") % {
            "seconds": age.total_seconds()
        }
    yield Point(
        _("Workers"), age is None or age <= MAX_MAIL_AGE, words, reverse("admin:tickets_delivery_changelist")
    )
    yield _limits(now)


def _limits(now: dt.datetime) -> Point:
    found = windows(now)
    near = [window.words for window in found if window.is_near]
    known = [window for window in found if window.limit]
    words = _(
        "How many mails the provider sends an hour and a day is not known here, so no page can warn before the limit. "
        "%(who)s sets EMAIL_LIMIT_PER_HOUR and EMAIL_LIMIT_PER_DAY."
    ) % {"who": _WHO}
    if known:
        words = " ".join(near) or _("The provider's limits are known, and not near.")
    return Point(_("Provider's limits"), bool(known) and not near, words)


def _is_reserved(address: str) -> bool:
    """Whether no mail can be sent from or to the address."""
    domain = address.rpartition("@")[2].lower()
    return not domain or any(domain == one or domain.endswith(f".{one}") for one in _RESERVED)
