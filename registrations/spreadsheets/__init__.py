"""Uploaded and downloaded spreadsheets: bytes to rows, rows to students and problems. No queries, no models."""
