"""Results of an event: entered by organisers, ranked, published."""
