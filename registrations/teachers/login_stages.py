"""The steps between the right password and being signed in."""

from typing import Any

from allauth.account.stages import EmailVerificationStage

from techfest.core.roles import ROLES, roles_of


class VerificationStage(EmailVerificationStage):
    """An address must be verified, but not that of organisers and volunteers: the desk makes those accounts."""

    def handle(self) -> Any:
        user = self.login.user
        is_made_in_the_admin = user.is_staff or not roles_of(user).isdisjoint(ROLES)
        return (None, True) if is_made_in_the_admin else super().handle()
