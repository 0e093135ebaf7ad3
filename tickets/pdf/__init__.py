"""Ticket PDFs: one A5 page a ticket, made by a worker process and by nothing else."""

from tickets.pdf.booklet import render_booklet
from tickets.pdf.engine import Incomplete, Unavailable
from tickets.pdf.face import TicketFace
from tickets.pdf.pages import render
from tickets.pdf.process import is_available, limit_memory, missing, warm

__all__ = [
    "Incomplete",
    "TicketFace",
    "Unavailable",
    "is_available",
    "limit_memory",
    "missing",
    "render",
    "render_booklet",
    "warm",
]
