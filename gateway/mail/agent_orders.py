"""The orders that an agent can give in the first lines of a mail, as they are told to whoever gives another."""

from gateway.domain.ticket import Language

_ORDERS = (
    "#note{note}",
    "#severity blocking | major | minor",
    "#status open | pending | resolved | closed",
    "#level N1 | N2 | N3{why}",
    "#kind corrective | preventive | adaptive | evolutive | regulatory | assistance",
    "#assign me{other}",
)
_REMARKS = {
    Language.FR: {
        "note": "  (le texte reste interne)",
        "why": "  (suivi du motif)",
        "other": "  (ou l'adresse d'un agent)",
    },
    Language.EN: {
        "note": "  (the text stays inside)",
        "why": "  (followed by the reason)",
        "other": "  (or the address of an agent)",
    },
}
USAGE = {lang: tuple(order.format(**remarks) for order in _ORDERS) for lang, remarks in _REMARKS.items()}
"""One line for each order, by language."""
