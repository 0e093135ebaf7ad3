"""Blocks: seats that a teacher has held for a school, names to follow."""
