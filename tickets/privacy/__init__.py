"""Data of minors in this room: what tickets, mails and papers forget, and what they tell to whom it belongs."""
