"""A password that a test has set opens the door of a process of the site too."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password

from techfest.tests.support.passwords import QuickHasher


def test_password_of_a_test_is_read_by_the_site() -> None:
    encoded = make_password("three blue kites")
    assert QuickHasher().decode(encoded)["iterations"] == 1
    assert PBKDF2PasswordHasher().verify("three blue kites", encoded) is True
    assert (check_password("three blue kites", encoded), check_password("two", encoded)) == (True, False)
