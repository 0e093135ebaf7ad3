"""Mails to the owners about unseen alerts, at most one per kind and hour.

The dashboard shows the same alerts. A task looks for new ones once a minute.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from techfest.core.roles import owners_with_email
from tickets import alerts
from tickets.content import absolute
from tickets.mail.kinds import notice
from tickets.models import Alert

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

HOUR = dt.timedelta(hours=1)
MAX_NAMED = 20
"""The most alerts that one mail lists."""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('tickets.mail.owner_alerts', 0))"
_ADVICE: dict[str, "_StrPromise"] = {
    Alert.Kind.CLUSTER: gettext_lazy(
        "Look at the names. If one person made these registrations, choose all of them in the list and cancel them"
        " together: the next on the waiting list get the seats at once. If it is a school that registers together,"
        " mark the alert as seen."
    ),
    Alert.Kind.GUESSING: gettext_lazy(
        "The list says who, or which network address, tried codes that do not exist. Ask the person, or remove the"
        " role of a volunteer until you know more."
    ),
    Alert.Kind.SEARCHING: gettext_lazy(
        "The list says who searched. Ask the person why so many names were needed, or take the role of a volunteer"
        " away until you know more. You can still scan tickets."
    ),
    Alert.Kind.SENDER: gettext_lazy(
        "Check your account with the mail provider: its sender address, domain, key, credit and limits. The mails"
        " stay queued and are sent once this is fixed; no student is asked to check an address."
    ),
    Alert.Kind.UPLOAD: gettext_lazy(
        "A phone kept scans while it had no network, and a person who may not open that gate logged in on it and"
        " uploaded them. They count as scans of that gate. Look at them in the list of scans, and ask the person if"
        " you doubt them."
    ),
}
_OTHERWISE = gettext_lazy("Open the list, look at what happened, and mark it as seen.")


def mail_owners(*, now: dt.datetime) -> int:
    """Enqueues one mail per owner and kind of alert with news; returns the number of mails.

    News is an alert that was raised, or whose count has grown, since it was last mailed. Within an hour after a mail
    of its kind it waits for the next mail. Concurrent calls send one mail.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK)
        owners = list(owners_with_email())
        new = _new_by_kind(now) if owners else {}
        for kind, rows in new.items():
            for owner in owners:
                _mail(owner, kind, rows, now)
            for row in rows:
                row.notified_at, row.notified_count = now, row.count
            Alert.objects.bulk_update(rows, ["notified_at", "notified_count"])
    return len(owners) * len(new)


def _new_by_kind(now: dt.datetime) -> dict[str, list[Alert]]:
    last_notified = Alert.objects.order_by().values_list("kind").annotate(Max("notified_at"))
    recently = {kind for kind, at in last_notified if at and at > now - HOUR}
    new: dict[str, list[Alert]] = defaultdict(list)
    rows = Alert.objects.filter(seen_at=None, count__gt=F("notified_count")).exclude(kind__in=recently)
    for row in rows.order_by("-count", "pk"):
        new[row.kind].append(row)
    return new


def _mail(owner: Any, kind: str, rows: Sequence[Alert], now: dt.datetime) -> None:
    path = alerts.alert_path(rows[0]) if len(rows) == 1 else alerts.alert_list_path(kind)
    notice.enqueue_notice(
        to=owner.email,
        subject=_("Alert: %(what)s") % {"what": rows[0].get_kind_display()},
        text="\n\n".join([*_lines(rows), str(_ADVICE.get(kind, _OTHERWISE))]),
        link=absolute(path),
        link_label=_("Open the list"),
        user=owner,
        now=now,
    )


def _lines(rows: Sequence[Alert]) -> list[str]:
    """A line for each alert, the largest count first."""
    words = [
        ngettext("%(subject)s: once", "%(subject)s: %(count)d times", row.count)
        % {"subject": row.subject, "count": row.count}
        for row in rows[:MAX_NAMED]
    ]
    left = len(rows) - MAX_NAMED
    return [*words, _("and %(count)d more") % {"count": left}] if left > 0 else words
