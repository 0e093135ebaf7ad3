"""What nginx writes down, and what it must not."""

from pathlib import Path

import pytest

from deploy.tests.nginx.house import TOKEN, House, wait_for


@pytest.mark.parametrize(
    "path",
    [
        f"/a/{TOKEN}/",
        f"/my/{TOKEN}/cancel/4/?next={TOKEN}",
        f"/t/{TOKEN}/ticket.pdf",
        f"/delegation/{TOKEN}/",
        f"/%64elegation//{TOKEN}/",
        f"/hi/my/{TOKEN}/",
        f"/pt-br/a/{TOKEN}/",
        f"/f/riverside/t/{TOKEN}/",
        f"//a//{TOKEN}/",
        f"/%61/{TOKEN}/",
        f"/m%79%2f{TOKEN}/",
        f"/A/{TOKEN}/",
        f"/accounts/invited/{TOKEN}/",
        f"/hi/accounts/confirm-email/{TOKEN}/?next=/",
        f"/accounts/password/reset/key/1-{TOKEN}/",
        f"//accounts//invited//{TOKEN}/",
        f"/accounts/%69nvited/{TOKEN}/",
        f"/%61ccounts/confirm%2demail/{TOKEN}/",
        f"/accounts/password%2freset%2fkey%2f1-{TOKEN}/",
    ],
)
def test_tail_of_a_secret_link_is_in_no_log(house: House, path: str) -> None:
    visitor = f"visitor of {path.count('/')} parts and {len(path)} signs"
    house.get(path, User_Agent=visitor)
    wait_for(lambda: visitor in house.nginx.access_log.read_text())
    assert TOKEN not in house.nginx.access_log.read_text() + house.nginx.error_log.read_text()


def test_tail_of_a_secret_link_is_in_no_log_when_the_application_is_dead(house: House) -> None:
    house.stop_application()
    statuses = [house.get(f"/{prefix}/{TOKEN}/").status for prefix in ("a", "my", "t")]
    for address in house.sockets.split(","):
        Path(address.removeprefix("unix:")).unlink(missing_ok=True)
    statuses += [
        house.get(f"/{prefix}/{TOKEN}/", method="POST", body=b"x").status for prefix in ("a", "my", "t")
    ]
    large = house.get(
        f"/my/{TOKEN}/details/", method="POST", body=b"x" * (3 * 1024 * 1024), User_Agent="the last one"
    ).status
    assert (statuses, large) == ([503] * 6, 413)
    wait_for(lambda: "the last one" in house.nginx.access_log.read_text())
    assert TOKEN not in house.nginx.access_log.read_text() + house.nginx.error_log.read_text()


@pytest.mark.parametrize(
    "query",
    [
        "q=Asha+Rao",
        "p=1&q=Asha+Rao",
        "name=Asha%20Rao",
        "%6eame=Asha+Rao",
        "term=Asha",
        "next=%2Fadmin%2F%3Fq%3DAsha",
        "_changelist_filters=q%3DAsha",
        "n%61me=Asha",
        "event=Asha",
    ],
)
def test_text_of_a_search_is_not_logged(house: House, query: str) -> None:
    visitor = f"visitor of {query.replace('Asha', '')}"
    house.get(f"/teacher/?{query}", User_Agent=visitor)
    wait_for(lambda: visitor in house.nginx.access_log.read_text())
    log = house.nginx.access_log.read_text()
    assert '"GET /teacher/?..." ' in log
    assert "Asha" not in log


def test_text_of_a_search_is_in_no_log_when_the_application_is_dead(house: House) -> None:
    house.stop_application()
    for address in house.sockets.split(","):
        Path(address.removeprefix("unix:")).unlink(missing_ok=True)
    for path in ("/admin/search/", "/teacher/", "/door/", "/"):
        visitor = f"visitor of {path}."
        house.get(f"{path}?q=Zarina", Referer="http://localhost/admin/?q=Zarina", User_Agent=visitor)
    wait_for(lambda: visitor in house.nginx.access_log.read_text())
    assert house.nginx.access_log.read_text().count("visitor of") >= 4
    assert "Zarina" not in house.nginx.access_log.read_text() + house.nginx.error_log.read_text()


def test_ordinary_path_is_logged_on_one_line(house: House) -> None:
    house.get("/register/robotics/?day=1", User_Agent='a"\tb')
    wait_for(lambda: "robotics" in house.nginx.access_log.read_text())
    [line] = [line for line in house.nginx.access_log.read_text().splitlines() if "robotics" in line]
    assert '"GET /register/robotics/?..." 200' in line
    assert line.endswith(r'"a\x22\x09b"')
