"""Going live: the checklist of a fest, and the limits of the mail provider."""
