"""PDFs made by worker processes: tickets and the other documents that are printed."""

from tickets.pdf.attendance import Attendance, AttendanceRow, render_attendance
from tickets.pdf.badges import render_badges
from tickets.pdf.certificate import CertificateContent, render_certificates
from tickets.pdf.engine import Incomplete, Unavailable, is_available, limit_memory, missing
from tickets.pdf.ticket import TicketContent, render, render_sheets, warm

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
    "render_certificates",
    "render_sheets",
    "warm",
]
