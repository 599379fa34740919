"""Which errors say that a connection will never again do what is asked of it."""

_READ_ONLY = "25006"  # SQLSTATE: the server has become a standby


def is_of_a_standby(error: BaseException | None) -> bool:
    """True where the server refuses to write, and so always will by this connection."""
    return bool(getattr(error, "sqlstate", None) == _READ_ONLY)
