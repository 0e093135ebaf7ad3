"""What each role may do with tickets, mails, documents and check-ins. `event_lookup` of each admin limits the rows.

Volunteers have no permissions in the admin: the check-in pages require the role itself.
"""

from techfest.core.roles import LEAD, OWNER, Table, everything_of

TABLE = Table(
    of_apps=("tickets",),
    verbs={
        OWNER: everything_of("tickets"),
        LEAD: {
            "tickets.ticket": "view change",
            "tickets.checkin": "view change",
            "tickets.scan": "view change",
            "tickets.gate": "view",
            "tickets.message": "view add",
            "tickets.documentjob": "view add",
            "tickets.certificate": "view add change",
        },
    },
)
