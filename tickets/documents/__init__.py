"""Documents made by workers: single tickets, booklets, attendance sheets, badges, certificates."""
