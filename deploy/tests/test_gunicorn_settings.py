"""What Gunicorn believes of a request."""

import runpy

from gunicorn.config import Config

from deploy.launcher.folders import ROOT


def test_no_header_becomes_a_variable_of_the_server() -> None:
    """SCRIPT_NAME and PATH_INFO as headers would lead around nginx's own rules about paths."""
    made = Config()
    written = runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))
    for name in {*written} & {*made.settings}:
        made.set(name, written[name])
    assert (Config().forwarder_headers, made.forwarder_headers, made.header_map) == (
        ["SCRIPT_NAME", "PATH_INFO"],
        [],
        "drop",
    )
