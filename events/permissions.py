"""What each role may do with fests, events and their seats. Which rows: `event_lookup` of their pages."""

from techfest.core.roles import LEAD, OWNER, RESULTS, Table, everything_of

TABLE = Table(
    of_apps=("events",),
    verbs={
        OWNER: everything_of("events"),
        LEAD: {
            "events.event": "view change",
            "events.seats": "view",
            "events.capacitychange": "view",
            "events.venue": "view",
            "events.category": "view",
        },
        # Their names, to enter results under.
        RESULTS: {"events.event": "view"},
    },
)
