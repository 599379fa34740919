"""What `/readyz` finds, as gauges that Prometheus reads (its text format 0.0.4). Computed at each scrape."""

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST
Parts = Mapping[str, Mapping[str, Any]]


def exposition(parts: Parts) -> bytes:
    """The findings in Prometheus' text format. An age that is not there, as nothing waits, is 0."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Findings(parts))
    return generate_latest(registry)


class _Findings(Collector):
    """The findings of one scrape."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        """The gauges."""
        states = {name: part["state"] == "up" for name, part in self._parts.items()}
        yield _gauge("gateway_part_up", "Whether a part answers.", "part", states)
        lanes = self._parts.get("spool", {}).get("lanes", {})
        yield _gauge("gateway_spool_waiting", "Entries that are not filed yet.", "lane", _each(lanes, "waiting"))
        yield _gauge("gateway_spool_quarantined", "Entries in quarantine.", "lane", _each(lanes, "quarantined"))
        yield _gauge("gateway_spool_oldest_seconds", "Age of the oldest entry.", "lane", _each(lanes, "oldest_seconds"))
        outbox = self._parts.get("database", {}).get("outbox", {})
        oldest = {"mail": outbox.get("oldest_seconds")} if outbox else {}
        yield _gauge("gateway_outbox_oldest_seconds", "Age of the oldest mail that is not at its end.", "kind", oldest)
        boxes = self._parts.get("mailboxes", {}).get("mailboxes", {})
        up = {name: box["state"] == "up" for name, box in boxes.items()}
        yield _gauge("gateway_mailbox_up", "Whether the last look at a mailbox was good.", "mailbox", up)
        yield _gauge("gateway_mailbox_waiting", "Mails seen there and not taken.", "mailbox", _each(boxes, "waiting"))
        known = {name: box for name, box in boxes.items() if box["last_good_seconds"] is not None}
        ages = _each(known, "last_good_seconds")
        yield _gauge("gateway_mailbox_last_good_seconds", "Age of the last good look.", "mailbox", ages)


def _each(things: Mapping[str, Mapping[str, Any]], field: str) -> dict[str, Any]:
    return {name: thing[field] for name, thing in things.items()}


def _gauge(name: str, says: str, label: str, values: Mapping[str, Any]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, says, labels=[label])
    for key, value in values.items():
        family.add_metric([key], float(value or 0))
    return family
