"""People who are signed in, for benches: a session made in the database, and the requests of their browsers."""

import secrets
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from deploy.bench.stack import Stack


class SignedIn:
    """Somebody's browser, as far as it is needed: two cookies and the token of a form."""

    def __init__(self, stack: Stack, session: str) -> None:
        self.port, self.token = stack.ports["techfest"], secrets.token_hex(16)
        self.cookie = f"sessionid={session}; csrftoken={self.token}"
        self.accept = "*/*"
        self.body = b""

    def ask(self, path: str, form: dict[str, Any] | None = None) -> tuple[int, str, float]:
        """Status, where it leads, and seconds."""
        headers = {
            "Accept": self.accept,
            "Cookie": self.cookie,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        began = time.monotonic()
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            if form is None:
                connection.request("GET", path, headers=headers)
            else:
                body = urlencode(form | {"csrfmiddlewaretoken": self.token})
                connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            self.body = answer.read()
            return answer.status, answer.getheader("Location") or "", time.monotonic() - began


def sign_in(stack: Stack, user: Any) -> SignedIn:
    """The browser of this account, without the login's page."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from registrations.teachers.sessions import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return SignedIn(stack, str(session.session_key))
