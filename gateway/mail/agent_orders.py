"""The orders that an agent can give in the first lines of a mail, as they are told to whoever gives another."""

USAGE = (
    "#note",
    "#severity blocking | major | minor",
    "#status open | pending | resolved | closed",
    "#level N1 | N2 | N3 (and why)",
    "#kind corrective | preventive | adaptive | evolutive | regulatory | assistance",
    "#assign me",
)
