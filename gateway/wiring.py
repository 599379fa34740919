"""The composition root: the only module of `gateway` that knows `inbound`, `telephony` and `web`."""


def main() -> None:
    """The console script."""
    from gateway.admin.cli import cli

    cli()


def drain(lane: str) -> None:
    """The one RQ task: work a lane off until it is empty or the time for one job is over."""
