"""``deploy/up``: everything that the site needs, built, started and kept running."""

import os
import shutil
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from . import configuration, debian, environment, procfile, servers, staticfiles, stepdown
from .folders import close_to_others, data_folder, forget_sockets, locked
from .listening import DEFAULT_PORT, listen
from .manage import manage
from .processes import end_left_over
from .readiness import wait_until_ready
from .supervisor import Stopped, Supervisor
from .words import Refusal, say


def main(arguments: Sequence[str]) -> int:
    """Starts everything, says where it is, and stays until INT or TERM. Returns 0 after those."""
    if arguments:
        raise Refusal(
            "usage: deploy/up   (PORT, HOST, TECHFEST_DATA, TECHFEST_USER, SITE_URL, DATABASE_URL, REDIS_URL are read)"
        )
    data = data_folder()
    held = f"deploy/up is running already with {data}. Set TECHFEST_DATA and PORT for a second copy."
    with locked(data / "lock", held):
        close_to_others(data)
        if end_left_over(data / "processes.json"):
            say("Ended what an earlier start had left.")
        is_embedded = not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))
        environment.build(["embedded"] if is_embedded else [])
        debian.have_pdf_libraries()
        try:
            with Supervisor(data / "processes.json") as supervisor:
                run(supervisor, data)
        except Stopped as stopped:
            say(f"{stopped}: stopped, no process is left. The data stays in {data}.")
        finally:
            forget_sockets(data)
    return 0


def run(supervisor: Supervisor, data: Path) -> None:
    """Starts servers and site, prints the welcome, then watches. Ends by ``Stopped`` or ``Refusal``."""
    user = stepdown.site_user(data)
    if user is not None:
        stepdown.give(data, user.account)
    addresses = servers.start(supervisor, data, group=user.account.gid if user else None)
    with listen(os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or str(DEFAULT_PORT)) as opened:
        settings = site_settings(data, addresses, opened.getsockname()[1])
        configuration.publish(data, settings, owner=user.account.uid if user else None)
        variables = process_settings(data, settings, opened, has_home=user is None)
        become = user.become if user else None
        migrator = stepdown.in_view(addresses.migrator, data).become if addresses.migrator else become
        migrate(variables, owner=addresses.owner, become=migrator)
        logins = manage(variables, "sample_fest", "--logins", become=become) if addresses.is_private else ""
        begin_logs(data / "log")
        kept = (opened.fileno(),)
        for process in procfile.read(variables, log=data / "log", keep_open=kept, become=become):
            supervisor.start(process)
        wait_until_ready(supervisor, opened, settings["SITE_URL"], data)
        welcome(settings["SITE_URL"], data, logins)
        supervisor.watch()


def site_settings(data: Path, addresses: servers.Addresses, port: int) -> dict[str, str]:
    """What every process and command of the site must know to be one with the others."""
    settings = {
        "STATIC_ROOT": str(staticfiles.collected()),
        **configuration.kept_secrets(data),
        "DATABASE_URL": addresses.database,
        "REDIS_URL": addresses.redis,
        "SITE_URL": os.environ.get("SITE_URL") or f"http://localhost:{port}",
        "ALLOWED_HOSTS": os.environ.get("ALLOWED_HOSTS") or "localhost,127.0.0.1",
    }
    if addresses.is_private and is_for_this_machine_only(os.environ):
        settings["REQUIRE_SECOND_FACTOR"] = "off"
    return settings


def process_settings(
    data: Path, settings: Mapping[str, str], opened: socket.socket, *, has_home: bool
) -> Mapping[str, str]:
    """The environment of the Procfile's processes; those of a user without a home keep caches in the data folder."""
    home = {} if has_home else {"HOME": str(data)}
    listening = {"GUNICORN_BIND": f"fd://{opened.fileno()}", "PORT": str(opened.getsockname()[1])}
    return configuration.for_processes(data, {**settings, **home, **listening})


def is_for_this_machine_only(asked: Mapping[str, str]) -> bool:
    """Whether the start has nothing but the sample, where nobody else reaches it, and says nothing of second steps.

    Whoever tries the sample looks at the desk at once; an address of its own is a site that others are to reach.
    """
    settings_given = ("SITE_URL", "ALLOWED_HOSTS", "EMAIL_PROVIDER", "REQUIRE_SECOND_FACTOR")
    here = (asked.get("HOST") or "127.0.0.1") in {"127.0.0.1", "::1", "localhost"}
    return here and not any(asked.get(name) for name in settings_given)


def migrate(variables: Mapping[str, str], *, owner: str, become: Callable[[], None] | None) -> None:
    """Migrations as the tables' owner, by the system user that the database takes for it."""
    manage({**variables, "DATABASE_URL": owner}, "migrate", "--noinput", "--verbosity=0", become=become)


def begin_logs(folder: Path) -> None:
    """Keeps the logs of the start before, so that they do not grow for ever."""
    for log in folder.glob("*.log"):
        if log.name not in {"postgres.log", "redis.log"}:
            shutil.move(log, log.with_suffix(".log.before"))


def welcome(address: str, data: Path, logins: str) -> None:
    say()
    say(f"Tech fest registration is ready:  {address}/")
    say(f"  admin                           {address}/admin/")
    for line in logins.splitlines():
        say(f"  {line}")
    if os.environ.get("EMAIL_PROVIDER"):
        say(f"  mails go to                     {os.environ['EMAIL_PROVIDER']}")
    else:
        say(f"  mails land in                   {data / 'mail'}")
    say(f"  logs                            {data / 'log'}")
    say("Ctrl-C stops everything; the data stays.")
