"""What another user of the machine can read in the data folder after everything has run: nothing."""

import os
import secrets
import stat
import subprocess
from pathlib import Path

import pytest

from deploy.launcher import folders
from deploy.launcher.words import Refusal
from deploy.tests.copies import Copy


def open_to_others(folder: Path) -> list[str]:
    """Whatever another user may read or write below ``folder``, who may pass where only passing is allowed."""
    found = []
    for path in folder.iterdir():
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & 0o006:
            found.append(str(path))
        if stat.S_ISDIR(mode) and mode & 0o001:
            found += open_to_others(path)
    return found


@pytest.mark.slow
@pytest.mark.faults
def test_running_site_leaves_nothing_for_others(site: Copy) -> None:
    """Mail and media of a real message and ticket; the commands of a second terminal write as the site does."""
    make = (
        "from django.core.mail import send_mail; send_mail('s', 'b', None, ['asha@example.org']);"
        "from django.core.files.storage import default_storage as store;"
        "from django.core.files.base import ContentFile; store.save('events/picture.png', ContentFile(b'x'));"
        "from registrations.privacy import erasure_register; erasure_register.append(['AB-1234'])"
    )
    site.manage("shell", "-v", "0", "-c", make)
    kept = {path.name for path in site.data.iterdir()}
    assert {"mail", "media", "log", "secrets", "environment", "erased.txt", "lock"} <= kept
    assert (site.data.stat().st_mode & 0o006, open_to_others(site.data)) == (0, [])
    if os.geteuid() == 0:
        # Here the font library writes its cache, readable to all, some seconds after the start.
        assert stat.S_IMODE((site.data / ".cache").stat().st_mode) == 0o700


def test_walk_finds_what_is_open(tmp_path: Path) -> None:
    """The negative control of the walk above."""
    (tmp_path / "passed").mkdir(mode=0o711)
    (tmp_path / "closed").mkdir(mode=0o700)
    for name in ("passed/open", "closed/open", "open"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    assert sorted(open_to_others(tmp_path)) == [str(tmp_path / "open"), str(tmp_path / "passed" / "open")]


def test_files_of_an_earlier_release_are_closed_and_others_are_left_alone(tmp_path: Path) -> None:
    for name in (
        "mail/1.eml",
        "media/tickets/07/7.pdf",
        "log/web.log",
        "erased.txt",
        "of-somebody-else/x",
        "x",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    for folder in [path for path in tmp_path.rglob("*") if path.is_dir()]:
        folder.chmod(0o755)
    changed = folders.close_to_others(tmp_path)
    left = sorted(str(Path(path).relative_to(tmp_path)) for path in open_to_others(tmp_path))
    assert (changed, left) == (9, ["of-somebody-else", "of-somebody-else/x", "x"])
    assert folders.close_to_others(tmp_path) == 0


@pytest.mark.parametrize(("mode", "kept"), [(0o755, 0o700), (0o1777, 0o1777)])
def test_data_folder_lets_nobody_look_in_unless_it_is_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, kept: int
) -> None:
    folder = tmp_path / secrets.token_hex(4)
    folder.mkdir()
    folder.chmod(mode)
    monkeypatch.setenv("TECHFEST_DATA", str(folder))
    expected = 0o711 if (os.getuid() == 0 and mode == 0o755) else kept
    assert stat.S_IMODE(folders.data_folder().stat().st_mode) == expected
    assert stat.S_IMODE((folder / "log").stat().st_mode) == 0o700


def test_folder_of_other_files_is_refused_and_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TECHFEST_DATA=/srv or a home: no other user could use it any more."""
    (tmp_path / "of somebody").touch()
    tmp_path.chmod(0o755)
    monkeypatch.setenv("TECHFEST_DATA", str(tmp_path))
    with pytest.raises(
        Refusal, match=r"holds other files \(of somebody\).* Set TECHFEST_DATA to a folder of its own"
    ):
        folders.data_folder()
    assert (stat.S_IMODE(tmp_path.stat().st_mode), [path.name for path in tmp_path.iterdir()]) == (
        0o755,
        ["of somebody"],
    )


@pytest.mark.parametrize("name", ["secrets", "lock", "erased.txt", "log", "lost+found"])
def test_folder_of_an_earlier_start_or_a_register_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Also the folder of a start that was cut off, an empty disk, and one that has the register of erasures only."""
    if "." in name or name in {"secrets", "lock"}:
        (tmp_path / name).touch()
        (tmp_path / "of somebody").touch()
    else:
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TECHFEST_DATA", str(tmp_path))
    assert folders.data_folder() == tmp_path


def test_static_files_stay_readable_for_nginx(tmp_path: Path) -> None:
    """Those that the command copies, and those of this run, which were hashed and compressed as for a start."""
    command = ["-c", "import os, subprocess, sys; os.umask(0o022); sys.exit(subprocess.call(sys.argv[1:]))"]
    manage = [str(folders.VENV / "bin" / "python"), str(folders.ROOT / "manage.py"), "collectstatic"]
    environment = {**os.environ, "STATIC_ROOT": str(tmp_path / "static")}
    subprocess.run(
        [manage[0], *command, *manage, "--noinput", "--verbosity=0", "--no-post-process"],
        check=True,
        env=environment,
        cwd=folders.ROOT,
    )
    for folder in (tmp_path / "static", Path(os.environ["STATIC_ROOT"])):
        modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}
        assert modes == {0o644}
