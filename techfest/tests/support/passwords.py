"""A fast password hasher for tests, which set many passwords."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """Hashes that the site's processes can read too: the number of iterations is part of the hash."""

    iterations = 1
