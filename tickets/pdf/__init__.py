"""PDFs made by worker processes: tickets, booklets and the documents that organisers print."""

from tickets.pdf.attendance import Attendance, AttendanceRow, render_attendance
from tickets.pdf.badges import render_badges
from tickets.pdf.booklet import render_booklet
from tickets.pdf.certificate import CertificateContent, render_certificates
from tickets.pdf.engine import Incomplete, Unavailable
from tickets.pdf.process import is_available, limit_memory, missing, warm
from tickets.pdf.ticket import TicketContent, render

__all__ = [
    "Attendance",
    "AttendanceRow",
    "CertificateContent",
    "Incomplete",
    "TicketContent",
    "Unavailable",
    "is_available",
    "limit_memory",
    "missing",
    "render",
    "render_attendance",
    "render_badges",
    "render_booklet",
    "render_certificates",
    "warm",
]
