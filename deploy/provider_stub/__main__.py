"""Run the stub: prints ``{"port": …, "control_port": …, "pid": …}`` and serves until TERM or INT."""

import argparse
import asyncio
import json
import os
import signal
import sys

from deploy.provider_stub.server import ProviderStub


async def serve(*, port: int, delay: float, with_stdin: bool) -> None:
    """Serve until TERM or INT; with ``with_stdin`` also until the starter's pipe closes."""
    stub = ProviderStub(delay=delay)
    await stub.start(port=port)
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    if with_stdin:
        loop.add_reader(sys.stdin.fileno(), done.set)
    ports = {"port": stub.port, "control_port": stub.control_port, "pid": os.getpid()}
    print(json.dumps(ports), flush=True)
    await done.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="provider_stub", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--with-stdin", action="store_true", help="end when standard input closes")
    given = parser.parse_args()
    asyncio.run(serve(port=given.port, delay=given.delay, with_stdin=given.with_stdin))


if __name__ == "__main__":
    main()
