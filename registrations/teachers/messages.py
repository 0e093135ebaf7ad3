"""What the letters to teachers say."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from registrations.models import Invitation, Teacher


@dataclass(frozen=True, slots=True)
class Words:
    """One letter. The text is plain; its empty lines part paragraphs."""

    subject: str
    text: str
    link: str = ""
    link_label: str = ""


def absolute(path: str) -> str:
    """A link that works outside the site; its host comes from a setting, never from a request."""
    return f"{settings.SITE_URL}{path}"


def invited(invitation: Invitation) -> Words:
    text = _(
        "The organisers invite you to register the students of %(school)s.\n\n"
        "Open the link and choose a password. It works once, within 14 days, and is only for you."
    )
    return Words(
        subject=_("Register your students"),
        text=text % {"school": invitation.school},
        link=absolute(reverse("account_invited", args=[invitation.code])),
        link_label=_("Accept the invitation"),
    )


def approved(teacher: Teacher) -> Words:
    text = _("Hello %(name)s,\n\nyou can now register students of %(school)s.")
    return Words(
        subject=_("Your access is approved"),
        text=text % {"name": teacher.name, "school": teacher.school},
        link=absolute(settings.LOGIN_REDIRECT_URL),
        link_label=_("Register my students"),
    )


def refused(teacher: Teacher) -> Words:
    text = _(
        "Hello %(name)s,\n\nthe organisers did not approve your access as a teacher of %(school)s. "
        "What you sent was deleted.\n\nIs this a mistake? Answer this mail."
    )
    return Words(
        subject=_("Your access was not approved"),
        text=text % {"name": teacher.name, "school": teacher.school},
    )


def account_created(user: Any, link: str) -> Words:
    text = _(
        "Hello %(name)s,\n\nyou have an account to help run the fest. Your user name is %(login)s.\n\n"
        "Open the link and choose a password. It works once, within one hour; later, ask for a new one "
        "under “Forgot your password?”."
    )
    return Words(
        subject=_("Your account for the fest"),
        text=text % {"name": user.get_full_name() or user.get_username(), "login": user.get_username()},
        link=link,
        link_label=_("Choose a password"),
    )


def of_library(mail: str, context: dict[str, Any]) -> Words | None:
    """The words of a mail that the accounts library wants to send; `None` for one that we do not send."""
    match mail:
        case "account/email/password_reset_key":
            return Words(
                subject=_("Choose a new password"),
                text=_(
                    "Here is the link that was asked for. It works once, within one hour.\n\n"
                    "You did not ask for it? Then you need not do anything: your password stays as it is."
                ),
                link=context["password_reset_url"],
                link_label=_("Choose a new password"),
            )
        case "account/email/unknown_account":
            return Words(
                subject=_("There is no account with this address"),
                text=_(
                    "Somebody asked for a new password with this address, but no account has it.\n\n"
                    "Was it you? Perhaps you used another address. If not, you need not do anything."
                ),
            )
        case "account/email/email_confirmation" | "account/email/email_confirmation_signup":
            return Words(
                subject=_("Confirm your address"),
                text=_(
                    "Somebody asked for access as a teacher with this address.\n\n"
                    "Was it you? Open the link within three days and enter the password that you chose. "
                    "If not, you need not do anything."
                ),
                link=context["activate_url"],
                link_label=_("Confirm my address"),
            )
        case "account/email/account_already_exists":
            return Words(
                subject=_("You have an account already"),
                text=_(
                    "Somebody asked for access as a teacher with this address, but it has an account.\n\n"
                    "Was it you? Log in, or choose a new password. If not, you need not do anything."
                ),
                link=absolute(reverse("account_reset_password")),
                link_label=_("Choose a new password"),
            )
    return None
