"""How the accounts library stores second steps: encrypted."""

import logging

from allauth.mfa.adapter import DefaultMFAAdapter
from django.utils.translation import gettext_lazy

from registrations.teachers import encryption

logger = logging.getLogger(__name__)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("The code is not right. Enter the one that is shown now"),
        "unreadable": gettext_lazy("Your second step cannot be checked at the moment. Tell the organisers"),
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Where the key is missing, the code is refused in words, and the log names the setting."""
        try:
            return encryption.decrypt(encrypted_text)
        except encryption.Unreadable:
            logger.error("A second step cannot be decrypted: its key is not in SECOND_FACTOR_KEYS any more.")  # noqa: TRY400 - the traceback would show nothing more
            raise self.validation_error("unreadable") from None
