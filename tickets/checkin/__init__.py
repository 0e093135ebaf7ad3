"""Check-in at the door: rules, writes, and the pages for a phone."""
