"""Personal data in tickets, mails and documents: export and erasure."""
