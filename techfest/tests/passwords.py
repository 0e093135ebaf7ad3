"""Passwords of tests: as many are set as a school has teachers, and none is worth half a second."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """Writes what the site's own processes read as well: a hash tells how often it was turned."""

    iterations = 1
