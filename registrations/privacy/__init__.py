"""Personal data of students: export, erasure, and the purge after a fest."""
