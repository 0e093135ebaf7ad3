"""Recognise a restored database, and hold its mails until an owner has decided."""
