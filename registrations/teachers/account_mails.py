"""Mails to people with accounts: their texts, and enqueueing them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from registrations import hooks
from registrations.models import Invitation, SecurityEvent, Teacher
from techfest.core.db.clock import database_now
from techfest.core.formatting import dated_moment


@dataclass(frozen=True, slots=True)
class AccountMail:
    """The text of one mail. It is plain text; empty lines separate paragraphs."""

    subject: str
    text: str
    link: str = ""
    link_label: str = ""


def absolute_url(path: str) -> str:
    """Return an absolute URL. The host comes from a setting, never from the request."""
    return f"{settings.SITE_URL}{path}"


def invitation_mail(invitation: Invitation) -> AccountMail:
    text = _(
        "The organisers invite you to register the students of %(school)s.\n\n"
        "Open the link and choose a password. It works once, within 14 days, and is only for you."
    )
    return AccountMail(
        subject=_("Register your students"),
        text=text % {"school": invitation.school},
        link=absolute_url(reverse("account_invited", args=[invitation.code])),
        link_label=_("Accept the invitation"),
    )


def approval_mail(teacher: Teacher) -> AccountMail:
    text = _("Hello %(name)s,\n\nyou can now register students of %(school)s.")
    return AccountMail(
        subject=_("Your access is approved"),
        text=text % {"name": teacher.name, "school": teacher.school},
        link=absolute_url(settings.LOGIN_REDIRECT_URL),
        link_label=_("Register my students"),
    )


def refusal_mail(teacher: Teacher) -> AccountMail:
    text = _(
        "Hello %(name)s,\n\nthe organisers did not approve your access as a teacher of %(school)s. "
        "What you sent was deleted.\n\nIf this is a mistake, answer this mail."
    )
    return AccountMail(
        subject=_("Your access was not approved"),
        text=text % {"name": teacher.name, "school": teacher.school},
    )


def account_created_mail(user: Any, link: str) -> AccountMail:
    text = _(
        "Hello %(name)s,\n\nyou have an account to help run the fest. Your user name is %(login)s.\n\n"
        "Open the link and choose a password. It works once, within one hour; later, ask for a new one "
        "under “Forgot your password?”."
    )
    return AccountMail(
        subject=_("Your account for the fest"),
        text=text % {"name": user.get_full_name() or user.get_username(), "login": user.get_username()},
        link=link,
        link_label=_("Choose a password"),
    )


def library_mail(mail: str, context: dict[str, Any]) -> AccountMail | None:
    """Return the text of a mail of the accounts library, or `None` if it is not sent."""
    compose = _LIBRARY_MAILS.get(mail)
    return compose(context) if compose else None


def _password_reset(context: dict[str, Any]) -> AccountMail:
    return AccountMail(
        subject=_("Choose a new password"),
        text=_(
            "Here is the link that was asked for. It works once, within one hour.\n\n"
            "If you did not ask for it, you need not do anything: your password stays the same."
        ),
        link=context["password_reset_url"],
        link_label=_("Choose a new password"),
    )


def _unknown_account(_context: dict[str, Any]) -> AccountMail:
    return AccountMail(
        subject=_("There is no account with this address"),
        text=_(
            "A new password was requested for this address, but no account has it.\n\n"
            "If it was you, you may have used another address. If not, you need not do anything."
        ),
    )


def _address_to_confirm(context: dict[str, Any]) -> AccountMail:
    return AccountMail(
        subject=_("Confirm your address"),
        text=_(
            "Access as a teacher was requested with this address.\n\n"
            "If it was you, open the link within three days and enter the password that you chose. "
            "If not, you need not do anything."
        ),
        link=context["activate_url"],
        link_label=_("Confirm my address"),
    )


def _account_exists(_context: dict[str, Any]) -> AccountMail:
    return AccountMail(
        subject=_("You already have an account"),
        text=_(
            "Access as a teacher was requested with this address, but it already has an account.\n\n"
            "If it was you, log in or choose a new password. If not, you need not do anything."
        ),
        link=absolute_url(reverse("account_reset_password")),
        link_label=_("Choose a new password"),
    )


_LIBRARY_MAILS: Mapping[str, Callable[[dict[str, Any]], AccountMail]] = {
    "account/email/password_reset_key": _password_reset,
    "account/email/unknown_account": _unknown_account,
    "account/email/email_confirmation": _address_to_confirm,
    "account/email/email_confirmation_signup": _address_to_confirm,
    "account/email/account_already_exists": _account_exists,
}


Kind = SecurityEvent.Kind


def notify_account(kind: Kind, account: Any, *, is_by_organiser: bool) -> None:
    """Enqueue the mail in the caller's transaction, if the account has an address."""
    if account.email:
        enqueue(_security_mail(kind, account, is_by_organiser), to=account.email, user=account)


def notify_owner(owner: Any, account: Any) -> None:
    """Tell an owner that the second step of another account was reset on the server."""
    if not owner.email:
        return
    text = _(
        "Hello %(name)s,\n\nthe second step of the account %(account)s was reset at the console of the server.\n\n"
        "If you did not know about it, ask the person who runs the server."
    )
    named = {"name": owner.get_full_name() or owner.get_username(), "account": account.get_username()}
    enqueue(AccountMail(subject=_("A second step was reset"), text=text % named), to=owner.email, user=owner)


def _security_mail(kind: Kind, account: Any, is_by_organiser: bool) -> AccountMail:
    subject, what = _security_texts(kind, is_by_organiser)
    now = timezone.localtime(database_now())
    text = _(
        "Hello %(name)s,\n\n%(what)s It was on %(when)s.\n\n"
        "If you made this change or agreed to it, you need not do anything. If not, choose a new "
        "password immediately and "
        "tell the organisers by answering this mail."
    )
    return AccountMail(
        subject=subject,
        text=text
        % {
            "name": account.get_full_name() or account.get_username(),
            "what": what,
            "when": f"{dated_moment(now)} {date_format(now, 'T')}",
        },
        link=absolute_url(reverse("account_reset_password")),
        link_label=_("Choose a new password"),
    )


def _security_texts(kind: Kind, is_by_organiser: bool) -> tuple[str, str]:
    """Return the subject and the first sentence."""
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
            return _("Your second step was removed"), _("Your account no longer needs a code from an app.")
        case Kind.SECOND_FACTOR_RESET:
            return _("Your second step was reset"), _(
                "An organiser removed the app for codes from your account, and ended its sessions. "
                "Set up a new one at the next login."
            )
        case Kind.RECOVERY_CODES:
            return _("You have new recovery codes"), _(
                "New recovery codes were created; the old ones no longer work."
            )
        case _:
            raise ValueError(kind)


def enqueue(mail: AccountMail, *, to: str, user: Any = None) -> None:
    """Enqueue this mail, in the caller's transaction if there is one."""
    hooks.enqueue_notice.call(
        to=to,
        subject=mail.subject,
        text=mail.text,
        link=mail.link,
        link_label=mail.link_label,
        user=user,
        now=database_now(),
    )
