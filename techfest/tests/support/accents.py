"""The accent colours that an organiser can choose for a fest."""

ACCENTS = ("indigo", "teal", "crimson", "amber", "forest", "violet", "cobalt", "slate")
