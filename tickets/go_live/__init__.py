"""Before a fest goes live: what is missing, and what the mail provider will bear."""
