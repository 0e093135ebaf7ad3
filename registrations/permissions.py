"""The permissions of each role on people, registrations and accounts. Row-level visibility is in the admin classes."""

from techfest.core.roles import EVERYTHING, LEAD, OWNER, RESULTS, Table, everything_of

_RESULTS = {"registrations.resultsheet": EVERYTHING, "registrations.result": EVERYTHING}

TABLE = Table(
    of_apps=("registrations", "auth", "mfa", "account"),
    verbs={
        OWNER: {
            **everything_of("registrations"),
            # Which accounts and fields: admin/accounts.py.
            "auth.user": "view add change",
            # Reset for a lost phone: admin/account_actions.py.
            "mfa.authenticator": "view",
        },
        LEAD: {
            "registrations.registration": "view change",
            "registrations.answer": "view",
            "registrations.change": "view",
            "registrations.conflict": "view change",
            "registrations.hold": "view add change",
            "registrations.student": "view",
            "registrations.school": "view",
            **_RESULTS,
        },
        RESULTS: _RESULTS,
    },
)
