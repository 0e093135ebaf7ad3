from tickets.admin import broadcasts, checkin, documents, mail, tickets

__all__ = ["broadcasts", "checkin", "documents", "mail", "tickets"]
