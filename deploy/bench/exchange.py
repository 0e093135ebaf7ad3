"""Many HTTP exchanges at once from one cheap thread: plain sockets and epoll, no library in between.

The client shares the machine's cores with what it measures, so it does as little as can be done: nothing is
parsed while the clock runs but the end of an answer.
"""

import gzip
import itertools
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

READ = select.EPOLLIN | select.EPOLLRDHUP
WRITE = select.EPOLLOUT
_BIND_ADDRESS_NO_PORT = 24
"""The port is chosen at the connection, as many times as there are servers; the module has no name for it."""


class Exchange:
    """One request and its answer; ``finished_at`` is on the monotonic clock, 0 while there is no answer."""

    __slots__ = ("_end", "failure", "finished_at", "link", "received", "request", "then", "unsent")

    def __init__(self, request: bytes, then: "Callable[[Exchange], None] | None" = None) -> None:
        self.request = request
        self.then = then
        self.unsent = request
        self.received = bytearray()
        self.finished_at = 0.0
        self.failure = ""
        self.link: socket.socket | None = None
        self._end = -1

    @property
    def status(self) -> int:
        """The answer's status, 0 where none came."""
        return int(self.received[9:12]) if self.received[:5] == b"HTTP/" else 0

    def header(self, name: str) -> str:
        """The first value of a header of the answer, empty where it has none."""
        head = bytes(self.received).partition(b"\r\n\r\n")[0].decode("latin-1")
        for line in head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return ""

    def body(self) -> bytes:
        """The answer's content, out of its chunks and its compression."""
        content = bytes(self.received).partition(b"\r\n\r\n")[2]
        if self.header("transfer-encoding").lower() == "chunked":
            content = _unchunked(content)
        return gzip.decompress(content) if self.header("content-encoding") == "gzip" else content

    def is_complete(self) -> bool:
        """Whether the answer has ended by its length or its last chunk."""
        if self._end < 0:
            self._end = self._read_head()
        if self._end > 0:
            return len(self.received) >= self._end
        return self._end == 0 and self.received.endswith(b"0\r\n\r\n")

    def _read_head(self) -> int:
        """Where the answer ends; 0: with its last chunk; -1: not known yet."""
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return -1
        length = self.header("content-length")
        if length:
            return end + 4 + int(length)
        return 0 if self.header("transfer-encoding") else -1


class Exchanges:
    """Runs exchanges with one address until each has its answer or the time is over.

    They come from so many addresses of this machine in turn: nginx gives each a share of the queue only.
    """

    def __init__(self, host: str, port: int, *, sources: int = 1) -> None:
        self.address = (host, port)
        self._sources = itertools.cycle([f"127.0.0.{number + 1}" for number in range(sources)])
        self.open: dict[int, Exchange] = {}
        self._poll = select.epoll()

    def prepare(self, exchange: Exchange) -> None:
        """Make the socket now, so that ``begin`` costs one system call at the instant that counts."""
        exchange.link = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        exchange.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        exchange.link.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        exchange.link.bind((next(self._sources), 0))

    def begin(self, exchange: Exchange) -> None:
        """Connect and send as soon as the connection stands."""
        if exchange.link is None:
            self.prepare(exchange)
        if exchange.link is None:
            raise RuntimeError("a prepared exchange has a socket")
        exchange.link.connect_ex(self.address)
        self._watch(exchange)

    def go_on(self, before: Exchange, after: Exchange) -> None:
        """Send the next request of one visitor, on the same connection where the server kept it."""
        if before.link is None or before.header("connection").lower() == "close":
            self.end(before)
            self.begin(after)
            return
        after.link, before.link = before.link, None
        self._poll.unregister(after.link.fileno())
        self._watch(after)

    def end(self, exchange: Exchange) -> None:
        """Close the exchange's connection."""
        if exchange.link is not None:
            self.open.pop(exchange.link.fileno(), None)
            exchange.link.close()
            exchange.link = None

    def run(self, *, seconds: float, schedule: Sequence[tuple[float, Exchange]] = ()) -> None:
        """Return when nothing is under way any more, or after ``seconds``: what is left failed by time.

        ``schedule`` holds exchanges to begin later, each at a moment of the monotonic clock, in order.
        """
        deadline = time.monotonic() + seconds
        later = deque(schedule)
        while (self.open or later) and (now := time.monotonic()) < deadline:
            while later and later[0][0] <= now:
                self.begin(later.popleft()[1])
            pause = min(0.2, later[0][0] - now) if later else 0.2
            for descriptor, events in self._poll.poll(max(0.0, pause)):
                exchange = self.open.get(descriptor)
                if exchange is not None:
                    self._step(exchange, events)
        for exchange in list(self.open.values()):
            exchange.failure = "no answer in time"
            self.end(exchange)

    def _watch(self, exchange: Exchange) -> None:
        if exchange.link is None:
            raise RuntimeError("an exchange under way has a socket")
        self._poll.register(exchange.link.fileno(), WRITE)
        self.open[exchange.link.fileno()] = exchange

    def _step(self, exchange: Exchange, events: int) -> None:
        try:
            finished = self._write(exchange) if events & WRITE and exchange.unsent else self._read(exchange)
        except OSError as error:
            exchange.failure = type(error).__name__
            self.end(exchange)
            return
        if finished:
            exchange.finished_at = time.monotonic()
            if exchange.link is not None:
                self.open.pop(exchange.link.fileno(), None)
            if exchange.then is not None:
                exchange.then(exchange)
            self.end(exchange)

    def _write(self, exchange: Exchange) -> bool:
        if exchange.link is None:
            return False
        sent = exchange.link.send(exchange.unsent)
        exchange.unsent = exchange.unsent[sent:]
        if not exchange.unsent:
            self._poll.modify(exchange.link.fileno(), READ)
        return False

    def _read(self, exchange: Exchange) -> bool:
        if exchange.link is None:
            return False
        piece = b""
        with suppress(BlockingIOError):
            piece = exchange.link.recv(262_144)
            if not piece and not exchange.is_complete():
                raise ConnectionResetError("closed before the end of the answer")
        exchange.received += piece
        return exchange.is_complete()


def _unchunked(content: bytes) -> bytes:
    pieces = []
    while content:
        size, _, rest = content.partition(b"\r\n")
        length = int(size.partition(b";")[0] or b"0", 16)
        if not length:
            break
        pieces.append(rest[:length])
        content = rest[length + 2 :]
    return b"".join(pieces)
