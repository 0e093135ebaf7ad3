"""Students: identity, corrections, consents, and merging of duplicates."""
