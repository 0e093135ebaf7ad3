"""What second steps are made of is stored encrypted, so that a stolen dump of the database opens none of them.

The keys are derived from `SECOND_FACTOR_KEYS`, followed by `SECRET_KEY` and its fall-backs: the first encrypts, all of
them are read. A site that sets nothing is no worse off, and one that sets `SECOND_FACTOR_KEYS` later still reads what
`SECRET_KEY` encrypted. After a change of keys `manage.py encrypt_second_factors` writes every row with the first key;
then the old one may go.
"""

import base64

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.utils.encoding import force_bytes

FIELDS = ("secret", "seed")
"""Of an authenticator's data; what else stands there is no secret."""
_PURPOSE = b"techfest.second-factor"
_MARK = "gAAAA"
"""Every token begins with it: its version, and the zeros of a time before the year 2106."""


class Unreadable(Exception):
    """Encrypted with a key that is not among those of the settings."""


def encrypt(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Raises `Unreadable`; never answers with something else than what was encrypted."""
    try:
        return _keys().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error


@transaction.atomic
def encrypt_all() -> int:
    """Writes every secret with the first key, those that were stored in the clear as well; how many rows.

    Raises `Unreadable` where a key is missing; then nothing is written.
    """
    rows = list(Authenticator.objects.select_for_update().order_by("pk"))
    for row in rows:
        row.data |= {name: _encrypted(row.data[name]) for name in FIELDS if name in row.data}
        row.save(update_fields=["data"])
    return len(rows)


def _encrypted(text: str) -> str:
    return encrypt(decrypt(text) if text.startswith(_MARK) else text)


def _keys() -> MultiFernet:
    secrets = [*settings.SECOND_FACTOR_KEYS, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(force_bytes(secret))) for secret in secrets])


def _derived(secret: bytes) -> bytes:
    """A key of its own for this purpose: what the setting is used for elsewhere tells nothing about it."""
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(derivation.derive(secret))
