"""Working out the words by which the search finds what was written a moment ago (PostgreSQL; `gateway.db.words`)."""

import time

from gateway.db.words import index_words
from gateway.runtime import Runtime


def index_texts(runtime: Runtime, *, deadline: float | None = None) -> int:
    """Work until all is known or `time.monotonic()` passes `deadline`; how many rows. Raises DatabaseTrouble."""
    if runtime.database.url.get_backend_name() == "sqlite":
        return 0
    done = 0
    while deadline is None or time.monotonic() < deadline:
        with runtime.database.transaction() as connection:
            found = index_words(connection)
        if not found:
            break
        done += found
    return done
