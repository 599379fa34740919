"""Structured logs: a constant event name, data in fields, one id from door to delivery, no personal data.

Ids are logged, never objects: `spool_id`, `ticket`, `delivery_id`, `incident`. A last processor takes out what
looks like a mail address or a phone number, for the day when an exception's text carries one.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from gateway.observe import report_error

_ADDRESS = re.compile(r"[^\s<>\"'(),;:=\[\]]{1,64}@[^\s<>\"'(),;:=\[\]]{1,255}")
_NUMBER = re.compile(r"\+[0-9][0-9 .]{6,18}[0-9]")


def configure_logs(level: str, *, role: str) -> None:
    """Write JSON lines to standard error; every line says which role of the gateway wrote it."""
    structlog.configure(
        processors=processors(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(role=role)
    # Libraries log addresses and commands at level info; from them only trouble is wanted.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def processors() -> list[Any]:
    """What a line of ours goes through, in order."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        report_error,
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take addresses and phone numbers out of every text field."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _NUMBER.sub("[number]", _ADDRESS.sub("[address]", value))
    return event
