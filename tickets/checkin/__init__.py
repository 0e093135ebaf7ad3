"""The door: who is let in, and its pages on a phone."""
