"""The timetable as a workbook: out, changed, previewed, in."""
