"""The port of the site. The launcher holds it, so that no connection is refused while Gunicorn restarts."""

import socket

from .words import Refusal, say

DEFAULT_PORT = 8000
_TRIES = 50


def listen(host: str, wanted: str) -> socket.socket:
    """A listening socket on ``wanted`` or the next free port, inheritable by the web server.

    Raises ``Refusal`` when ``wanted`` is no port or fifty in a row are taken.
    """
    if not (wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= 65535):
        raise Refusal(f"PORT must be a number from 1 to 65535, not '{wanted}'.")
    first = int(wanted)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in range(first, min(first + _TRIES, 65536)):
        try:
            opened = socket.create_server((host, port), family=family, backlog=16_384)
        except PermissionError as error:
            raise Refusal(f"Port {port} needs root. Set PORT to 1024 or above.") from error
        except OSError as error:
            if isinstance(error, socket.gaierror):
                raise Refusal(f"HOST '{host}' is not an address of this machine.") from error
            continue
        if port != first:
            say(f"Port {first} is taken, using {port}.")
        return opened
    raise Refusal(f"No free port from {first} to {first + _TRIES - 1} on {host}. Set PORT and HOST.")
