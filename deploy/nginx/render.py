"""Writes the nginx configuration for one fest's site from the templates beside this file."""

import argparse
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
HSTS_SECONDS = 365 * 86400
# For connections that nginx has not taken yet; the kernel's net.core.somaxconn is the upper bound for each process.
LISTENER_QUEUE = "backlog=16384 reuseport"
# What every answer of nginx itself carries, as the application's answers do (techfest.headers).
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(),"
        " microphone=(), midi=(), payment=(), usb=()"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class SiteError(Exception):
    """The site cannot be written as an nginx configuration; the text says what is wrong."""


@dataclass(frozen=True)
class Site:
    """What the configuration depends on.

    ``upstream`` is ``unix:/path`` or ``host:port``, several with commas; ``staff_upstream`` is where the door and
    the organisers are served, the same where none is given. ``listen`` and ``tls_listen`` are nginx addresses;
    ``run`` is a writable folder for the pid and temporary files. With a certificate the plain port only
    redirects. Over TLS browsers are asked to keep to it: for this host, with ``hsts_subdomains`` for all below
    it, with ``hsts_preload`` for browsers' own lists.

    ``places`` is the number of requests that may wait in the public queue, which must not exceed the backlogs of
    ``upstream``; ``per_network`` and ``staff_per_network`` say how many of them one address may have.
    ``answer_seconds`` is how long the answer may take, the wait in the queue included, before the visitor gets an
    error page.
    """

    upstream: str
    static_root: Path
    errors: Path
    run: Path
    logs: Path
    names: tuple[str, ...] = ("localhost", "127.0.0.1")
    listen: str = "80"
    tls_listen: str = "443"
    certificate: Path | None = None
    key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    workers: str = "auto"
    staff_upstream: str = ""
    places: int = 12_000
    # A whole school and many customers of a mobile network share an address, and yet one must not fill the queue.
    per_network: int = 4_000
    staff_per_network: int = 100
    answer_seconds: int = 120
    user: str | None = None
    hsts_subdomains: bool = False
    hsts_preload: bool = False


def render(site: Site) -> str:
    """The whole nginx.conf; raises SiteError where a value would end a directive early."""
    _refuse_odd(site)
    proxies = site.trusted_proxies
    real_ip = [f"set_real_ip_from {proxy};" for proxy in proxies]
    if proxies:
        real_ip += ["real_ip_header X-Forwarded-For;", "real_ip_recursive on;"]
    values = {
        "USER": f"user {site.user};" if site.user else "",
        "WORKERS": site.workers,
        "FILES": str(connections(site) + 1_000),
        "CONNECTIONS": str(connections(site)),
        "RUN": str(site.run),
        "LOGS": str(site.logs),
        "PUBLIC": _lines(8, _servers_of(site.upstream)),
        "STAFF": _lines(8, _servers_of(site.staff_upstream or site.upstream)),
        "LISTEN": f"{site.listen} default_server {LISTENER_QUEUE}",
        "PROXY_GEO": _lines(8, [f"{proxy} 1;" for proxy in proxies]),
        "REAL_IP": _lines(4, real_ip),
    }
    return _fill("nginx.conf.in", values | {"HEADERS": _headers(8), "SERVERS": _servers(site)})


def connections(site: Site) -> int:
    """Connections that each process of nginx may have open. The kernel shares visitors evenly among them."""
    processes = int(site.workers) if site.workers.isdigit() else 1
    return 2 * site.places // processes + 1_600


def _servers_of(upstream: str) -> list[str]:
    return [f"server {address} max_fails=0;" for address in upstream.split(",")]


def _servers(site: Site) -> str:
    tls = site.certificate is not None and site.key is not None
    values = {
        "NAMES": " ".join(site.names),
        "PLACES": str(site.places),
        "PER_NETWORK": str(site.per_network),
        "STAFF_PER_NETWORK": str(site.staff_per_network),
        "ANSWER_SECONDS": str(site.answer_seconds),
        "STATIC": str(site.static_root),
        "ERRORS": str(site.errors),
        "LOGS": str(site.logs),
        "HEADERS": _headers(12, hsts=_hsts(site) if tls else ""),
    }
    body = _fill("server.conf.in", values)
    if not tls:
        return f"    server {{\n        listen {site.listen};\n{body}    }}"
    # The protocols of a port are those of its first server, so that one has them as well.
    protocols = _fill("tls.conf.in", {})
    keys = f"        ssl_certificate {site.certificate};\n        ssl_certificate_key {site.key};\n"
    return "\n\n".join(
        [
            _server(site.listen, f"        server_name {values['NAMES']};\n{_headers(8)}\n{_redirect(site)}"),
            _server(
                f"{site.tls_listen} ssl http2 default_server {LISTENER_QUEUE}",
                protocols + "        ssl_reject_handshake on;\n",
            ),
            _server(f"{site.tls_listen} ssl http2", keys + protocols + body),
        ]
    )


def _headers(indent: int, *, hsts: str = "") -> str:
    headers = HEADERS | ({"Strict-Transport-Security": hsts} if hsts else {})
    return _lines(indent, [f'add_header {name} "{value}" always;' for name, value in headers.items()])


def _hsts(site: Site) -> str:
    parts = [f"max-age={HSTS_SECONDS}"]
    parts += ["includeSubDomains"] if site.hsts_subdomains else []
    parts += ["preload"] if site.hsts_preload else []
    return "; ".join(parts)


def _server(listen: str, body: str) -> str:
    return f"    server {{\n        listen {listen};\n{body}    }}"


def _redirect(site: Site) -> str:
    """The plain port sends everybody to the first name over TLS; a secret link's tail is not logged."""
    port = site.tls_listen.rpartition(":")[2]
    shown = "" if port == "443" else f":{port}"
    return f"        return 301 https://{site.names[0]}{shown}$request_uri;\n"


def _lines(indent: int, lines: list[str]) -> str:
    return "\n".join(" " * indent + line for line in lines)


def _refuse_odd(site: Site) -> None:
    """A word with a brace, a semicolon or white space would change the configuration around it."""
    words = [site.listen, site.tls_listen, site.workers, site.user, site.certificate, site.key]
    words += [site.run, site.logs, site.static_root, site.errors]
    words += [*site.names, *site.trusted_proxies, *site.upstream.split(","), *site.staff_upstream.split(",")]
    for word in words:
        if re.search(r"[\s;{}\"'$\\#]", str(word)):
            raise SiteError(f"{str(word)!r} cannot stand in an nginx configuration")


def _fill(template: str, values: Mapping[str, str]) -> str:
    text = (HERE / template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    if left := re.search(r"@[A-Z_]+@", text):
        raise SiteError(f"{left.group()} of {template} was not filled in")
    return text


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.nginx.render", description=__doc__)
    parser.add_argument("--name", action="append", required=True, help="a name of the site (repeatable)")
    parser.add_argument("--upstream", default=",".join(f"unix:/run/techfest/web{n}.sock" for n in (1, 2, 3)))
    parser.add_argument("--staff-upstream", default="unix:/run/techfest/staff.sock")
    parser.add_argument("--static", type=Path, required=True, help="STATIC_ROOT, filled by collectstatic")
    parser.add_argument("--run", type=Path, default=Path("/run/nginx"))
    parser.add_argument("--logs", type=Path, default=Path("/var/log/nginx"))
    parser.add_argument("--listen", default="80")
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument(
        "--trusted-proxy", action="append", default=[], help="an address that may speak for others"
    )
    parser.add_argument("--user", default="www-data")
    parser.add_argument("--hsts-subdomains", action="store_true", help="HSTS for every host below, too")
    parser.add_argument("--hsts-preload", action="store_true", help="HSTS for browsers' own lists, too")
    return parser.parse_args()


def main() -> int:
    """Print the configuration for the given site."""
    given = _arguments()
    site = Site(
        upstream=given.upstream,
        staff_upstream=given.staff_upstream,
        static_root=given.static,
        errors=given.static / "errors",
        run=given.run,
        logs=given.logs,
        names=tuple(given.name),
        listen=given.listen,
        certificate=given.certificate,
        key=given.key,
        trusted_proxies=tuple(given.trusted_proxy),
        user=given.user,
        hsts_subdomains=given.hsts_subdomains,
        hsts_preload=given.hsts_preload,
    )
    try:
        print(render(site), end="")
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
