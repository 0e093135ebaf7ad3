"""Results of an event: entered, ranked, published."""
