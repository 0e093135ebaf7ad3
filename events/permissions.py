"""The permissions of each role for fests, events and seats; `event_lookup` of the admin classes limits the rows."""

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
        # Needed by name when results are entered.
        RESULTS: {"events.event": "view"},
    },
)
