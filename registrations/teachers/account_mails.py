"""Mails about changes of an account, so that its person notices a change that they did not make."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from registrations.models import SecurityEvent
from registrations.teachers.mails import enqueue
from registrations.teachers.messages import Words, absolute
from techfest.core.db.clock import database_now

Kind = SecurityEvent.Kind


def notify(kind: Kind, account: Any, *, is_by_organiser: bool) -> None:
    """Enqueues the mail in the caller's transaction; does nothing where the account has no address."""
    if account.email:
        enqueue(_words(kind, account, is_by_organiser), to=account.email, user=account)


def notify_owner(owner: Any, account: Any) -> None:
    """Tells an owner that another account's second step was reset at the console."""
    if not owner.email:
        return
    text = _(
        "Hello %(name)s,\n\nthe second step of the account %(account)s was reset at the console of the machine.\n\n"
        "Did you not know about it? Ask the person who runs the machine."
    )
    named = {"name": owner.get_full_name() or owner.get_username(), "account": account.get_username()}
    enqueue(Words(subject=_("A second step was reset"), text=text % named), to=owner.email, user=owner)


def _words(kind: Kind, account: Any, is_by_organiser: bool) -> Words:
    subject, what = _what(kind, is_by_organiser)
    now = timezone.localtime(database_now())
    text = _(
        "Hello %(name)s,\n\n%(what)s It was on %(when)s.\n\n"
        "Was this you, or agreed with you? Then you need not do anything. If not, choose a new password at once and "
        "tell the organisers: answer this mail."
    )
    return Words(
        subject=subject,
        text=text
        % {
            "name": account.get_full_name() or account.get_username(),
            "what": what,
            "when": date_format(now, "D j M Y, H:i T"),
        },
        link=absolute(reverse("account_reset_password")),
        link_label=_("Choose a new password"),
    )


def _what(kind: Kind, is_by_organiser: bool) -> tuple[str, str]:
    """Subject and sentence."""
    match kind:
        case Kind.PASSWORD_CHANGED if is_by_organiser:
            return _("An organiser gave you a new password"), _(
                "An organiser gave your account a new password."
            )
        case Kind.PASSWORD_CHANGED:
            return _("Your password was changed"), _("Your account has a new password.")
        case Kind.SECOND_FACTOR_ADDED:
            return _("A second step was set up"), _("An app for codes was set up for your account.")
        case Kind.SECOND_FACTOR_REMOVED:
            return _("Your second step was removed"), _("Your account needs no code from an app any more.")
        case Kind.SECOND_FACTOR_RESET:
            return _("Your second step was reset"), _(
                "An organiser removed the app for codes from your account, and ended its sessions. "
                "Set up a new one at the next login."
            )
        case Kind.RECOVERY_CODES:
            return _("You have new recovery codes"), _(
                "New recovery codes were made; the former ones are void."
            )
        case _:
            raise ValueError(kind)
