from tickets.admin import broadcasts, checkin, documents, event_figures, mail, tickets

__all__ = ["broadcasts", "checkin", "documents", "event_figures", "mail", "tickets"]
