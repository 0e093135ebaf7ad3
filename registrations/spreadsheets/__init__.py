"""What teachers upload or paste: bytes become rows, rows become students and problems. No queries, no models."""
