"""Started by root, the site runs as a user of its own, who reaches what it needs and nothing of root's."""

import grp
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.launcher import folders, processes, stepdown
from deploy.launcher.processes import Account
from deploy.launcher.view import View, for_account
from deploy.launcher.words import Refusal
from deploy.tests.copies import Copy, children_of

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root has anything to step down from")

STRANGER = Account(61_999, 61_999)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="techfest-stepdown-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module", autouse=True)
def no_database() -> Iterator[None]:
    """The server of these tests accepts root only, which is a reason to stay root."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        yield


@pytest.fixture(scope="module")
def able(folder: Path) -> None:
    """Skips where root may not mount and the checkout is closed to others: the site then stays root's and says so."""
    if stepdown.site_user(folder) is None:
        pytest.skip("no other user can reach the checkout or its Python here")


@pytest.fixture(scope="module")
def site(able: None, site: Copy) -> Copy:
    return site


def owner(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def user_of_site(site: Copy) -> int:
    return (site.data / "media").stat().st_uid


@pytest.mark.slow
@pytest.mark.faults
def test_web_and_workers_run_as_one_user_that_is_neither_root_s_nor_the_database_s(site: Copy) -> None:
    masters = [site.child(word) for word in ("gunicorn", "-Q mail,pdf,lists")]
    found = {owner(pid) for pid in (*masters, *children_of(site.child("gunicorn")))}
    assert found == {user_of_site(site)}
    assert found & {0, owner(site.child("postgres")), owner(site.child("valkey"))} == set()
    groups = Path(f"/proc/{masters[0]}/status").read_text()
    assert "Groups:\t \n" in groups
    assert "CapEff:\t0000000000000000" in groups


AS_ROLE = """
import psycopg
from django.conf import settings
found = settings.DATABASES["default"]
def is_superuser(role):
    try:
        with psycopg.connect(host=found["HOST"], dbname=found["NAME"], user=role) as link:
            return link.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()[0]
    except psycopg.OperationalError as error:
        return str(error).strip().rpartition("FATAL:")[2].strip()
print([is_superuser("techfest_app"), is_superuser("techfest")])
"""


def roles_of_the_site_s_user(site: Copy) -> str:
    return site.manage("shell", "-v", "0", "-c", AS_ROLE)


REFUSED = "[False, 'Peer authentication failed for user \"techfest\"']"


@pytest.mark.slow
@pytest.mark.faults
def test_site_s_user_cannot_be_the_owner_of_the_database_and_root_can(site: Copy) -> None:
    assert roles_of_the_site_s_user(site) == REFUSED
    address = dict(line.split("=", 1) for line in (site.data / "environment").read_text().splitlines())
    url = address["DATABASE_URL"].replace("techfest_app@", "techfest@")
    with psycopg.connect(url) as link:  # the negative control: this test runs as root
        assert link.execute("SELECT current_setting('is_superuser')").fetchone() == ("on",)


REACH = """
import os
from pathlib import Path
def can(what):
    try:
        what()
    except OSError:
        return False
    return True
data = Path(os.environ["TECHFEST_DATA"])
print([os.getuid(), *(can(one) for one in (
    (data / "secrets").read_text,
    (data / "processes.json").read_text,
    lambda: os.listdir(data / "log"),
    lambda: os.listdir(data / "postgres"),
    lambda: os.listdir("{closed}"),
    lambda: (data / "secrets").rename(data / "mine"),
    lambda: (data / "log").rename(data / "mine"),
    lambda: (data / "erased.txt").open("a").close(),
))])
"""


@pytest.mark.slow
@pytest.mark.faults
def test_commands_of_root_are_the_site_s_and_reach_nothing_of_root_s(site: Copy, folder: Path) -> None:
    (folder / "closed").mkdir(mode=0o700)
    output = site.manage("shell", "-v", "0", "-c", REACH.replace("{closed}", str(folder / "closed")))
    assert output == str([user_of_site(site), *([False] * 7), True])
    assert (site.data / "erased.txt").stat().st_uid == user_of_site(site)


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("form", ["{file}", "--register={file}"])
def test_command_that_may_not_read_a_named_file_says_so(site: Copy, folder: Path, form: str) -> None:
    """The file is there for root: "not there" would send people to look for another, older one."""
    file = folder / "register-of-root"
    file.write_text("AB-1234\n")
    file.chmod(0o600)
    with pytest.raises(subprocess.CalledProcessError) as raised:
        site.manage("erase_again", form.replace("{file}", str(file)))
    expected = (
        f"manage.py: {file} cannot be read by user {user_of_site(site)}, as whom the site's commands run."
    )
    assert raised.value.stderr.startswith(expected)


@pytest.mark.slow
@pytest.mark.faults
def test_workbook_is_read_by_the_site_s_user(site: Copy) -> None:
    read = (
        "from registrations.spreadsheets.workbook import read_workbook;"
        "from registrations.tests.builders.spreadsheets import xlsx_bytes;"
        "print(read_workbook(xlsx_bytes([['Name'], ['Asha']])).rows[1].cells)"
    )
    assert site.manage("shell", "-v", "0", "-c", read) == "('Asha',)"


@pytest.mark.slow
@pytest.mark.faults
def test_next_start_has_the_same_user_and_closes_the_database_of_an_earlier_release(site: Copy) -> None:
    before = user_of_site(site)
    site.stop()
    site.kill()
    (site.data / "postgres" / "pg_hba.conf").write_text("local all all trust\n")
    site.start()
    assert roles_of_the_site_s_user(site) == REFUSED
    assert (user_of_site(site), owner(site.child("gunicorn"))) == (before, before)


def test_root_stays_root_where_that_is_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECHFEST_USER", "root")
    assert stepdown.site_user(folder) is None


def test_named_user_is_taken(able: None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECHFEST_USER", "nobody")
    found = stepdown.site_user(folder)
    assert found is not None
    assert found.account.uid == pwd.getpwnam("nobody").pw_uid


def test_user_whose_group_has_other_members_gets_a_group_of_its_own(folder: Path) -> None:
    """Else all of them could open the database's socket and add files to the data folder."""
    shared = next(group.gr_gid for group in grp.getgrall() if group.gr_name == "nogroup")
    found = [stepdown._with_own_group(Account(65534, shared), folder) for _ in range(2)]
    assert found[0] == found[1]
    assert (found[0].uid, found[0].gid in stepdown._NUMBERS) == (65534, True)
    assert stepdown._with_own_group(STRANGER, folder) == STRANGER


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_OWNER_URL"])
@pytest.mark.parametrize(
    ("role", "expected"), [("techfest_app", True), ("techfest", False), ("nobody", True)]
)
def test_database_that_knows_root_only_keeps_the_site_root_s_and_says_what_to_do(
    site: Copy,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    role: str,
    expected: bool,
) -> None:
    """Its rule asks who the system user is. Where root is refused as well, another user changes nothing."""
    published = (site.data / "environment").read_text().splitlines()
    url = next(line for line in published if line.startswith("DATABASE_URL=")).partition("=")[2]
    monkeypatch.setenv(name, url.replace("techfest_app@", f"{role}@"))
    assert (stepdown.site_user(site.data) is not None) is expected
    output = capsys.readouterr().out
    assert ("Peer authentication failed" in output, "set TECHFEST_USER" in output) == (not expected,) * 2


def test_command_of_root_that_cannot_step_down_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, checkout = folder / "given away", folder / "closed checkout"
    data.mkdir()
    os.chown(data, STRANGER.uid, STRANGER.gid)
    checkout.mkdir(mode=0o700)
    (checkout / "manage.py").touch()
    monkeypatch.setattr(stepdown, "ROOT", checkout)
    stepdown.become_owner_of(data)
    output = capsys.readouterr()
    assert (os.getuid(), output.out, output.err.startswith("manage.py runs as root: user 61999 ")) == (
        0,
        "",
        True,
    )
    assert output.err.endswith("belongs to root until deploy/up starts again.\n")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("makemigrations", (0, 0o022)),
        ("compilemessages", (0, 0o022)),
        ("collectstatic", (0, 0o022)),
        ("purge", (STRANGER.uid, 0o077)),
    ],
)
def test_commands_that_write_the_checkout_s_files_leave_them_readable(
    able: None, folder: Path, command: str, expected: tuple[int, int]
) -> None:
    data = folder / f"of {command}"
    data.mkdir()
    os.chown(data, STRANGER.uid, STRANGER.gid)
    code = (
        "import os; from pathlib import Path; from deploy.launcher import stepdown;"
        f"stepdown.begin_command(Path({str(data)!r}), [{command!r}]); print((os.getuid(), os.umask(0)))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folders.ROOT,
        umask=0o022,
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout.strip() == str(expected)


def test_unknown_user_is_refused_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECHFEST_USER", "no-such-user")
    with pytest.raises(Refusal, match=r"^There is no user 'no-such-user'\. Set TECHFEST_USER"):
        stepdown.site_user(folder)


def test_two_data_folders_have_two_users(able: None, folder: Path, tmp_path: Path) -> None:
    """Two copies on one machine cannot read each other's names."""
    one, other = (stepdown.site_user(path) for path in (folder, tmp_path))
    assert one is not None
    assert other is not None
    assert one.account != other.account


def test_file_system_without_owners_is_refused_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    with pytest.raises(
        Refusal, match=r"Set TECHFEST_DATA to a folder on a local disk, or TECHFEST_USER=root\.$"
    ):
        stepdown.give(folder, STRANGER)


def test_folder_that_everybody_may_write_leaves_root_and_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = folder / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    assert stepdown.site_user(shared) is None
    assert capsys.readouterr().out.endswith("is everybody's. Set TECHFEST_DATA to a folder of its own.\n")


def test_checkout_that_nobody_else_may_read_leaves_root_and_says_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout = folder / "checkout"
    checkout.mkdir(mode=0o700)
    (checkout / "manage.py").touch()
    monkeypatch.setattr(stepdown, "ROOT", checkout)
    assert stepdown.site_user(folder) is None
    output = capsys.readouterr().out
    assert output.startswith("Web and workers run as root: user ")
    assert "Permission denied" in output
    assert output.endswith(
        " Move the checkout to a folder that others may read, or start as an ordinary user.\n"
    )


@pytest.mark.parametrize(("place", "expected"), [("of certificates", True), (".", False)])
def test_certificates_of_the_network_must_be_readable_too(
    able: None, folder: Path, monkeypatch: pytest.MonkeyPatch, place: str, expected: bool
) -> None:
    """Else every mail would fail. A folder below a closed one is shown, a file in the closed one itself cannot be."""
    home = folder / f"home {expected}"
    (home / place).mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    (home / place / "ca.pem").touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(home / place / "ca.pem"))
    assert (stepdown.site_user(folder) is not None) is expected


def test_view_covers_what_is_closed_and_keeps_what_is_needed(able: None, folder: Path) -> None:
    root = folder / "of root"
    for name in ("checkout/app", "python/bin", "private"):
        (root / name).mkdir(parents=True)
    root.chmod(0o700)
    needed = [root / "checkout", root / "python", folder]
    assert for_account(STRANGER, needed) == View((root,), (root / "checkout", root / "python"))
    look = (
        "import os; from pathlib import Path; from deploy.launcher.processes import Account;"
        "from deploy.launcher.stepdown import SiteUser; from deploy.launcher.view import for_account;"
        f"root, stranger = Path({str(root)!r}), Account(*{(STRANGER.uid, STRANGER.gid)});"
        "SiteUser(stranger, for_account(stranger, [root / 'checkout', root / 'python'])).become();"
        "print(os.getuid(), os.listdir(root / 'checkout'), (root / 'private').exists())"
    )
    command = [sys.executable, "-c", look]
    finished = subprocess.run(command, cwd=folders.ROOT, capture_output=True, text=True, check=True)
    assert finished.stdout == f"{STRANGER.uid} ['app'] False\n"
    # Outside of that process nothing has changed.
    assert (root / "private").is_dir()


def test_record_of_processes_that_another_user_wrote_is_not_believed(tmp_path: Path) -> None:
    """Else who may add files to the data folder could have root end any process of the machine."""
    record = tmp_path / "processes.json"
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as victim:
        record.write_text(f'{{"{victim.pid}": "{processes.birth(victim.pid)}"}}')
        os.chown(record, STRANGER.uid, STRANGER.gid)
        ended = processes.end_left_over(record, seconds=0.1)
        alive = victim.poll() is None
        record.write_text(f'{{"{victim.pid}": "{processes.birth(victim.pid)}"}}')
        os.chown(record, 0, 0)
        control = processes.end_left_over(record, seconds=0.1)
        victim.kill()
    assert (ended, alive, control) == (0, True, 1)
