"""A person's data: shown, handed out, erased, purged."""
