"""What each role may do with tickets, mails, papers and the door's book. Which rows: `event_lookup` of their pages.

Volunteers have nothing at the desk: the door asks for the role itself.
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
            "tickets.printout": "view add",
            "tickets.certificate": "view add change",
        },
    },
)
