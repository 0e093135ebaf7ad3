"""Documents made by workers: single tickets, those of a school, attendance sheets, badges, certificates."""
