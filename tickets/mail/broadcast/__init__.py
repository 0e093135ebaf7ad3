"""One message to everybody in a filter."""
