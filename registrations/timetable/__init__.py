"""Importing events: a fest's timetable as a workbook, rows pasted from a spreadsheet, and copies of an older fest."""
