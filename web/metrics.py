"""What `/readyz` finds, as gauges that Prometheus reads (its text format 0.0.4). Computed at each scrape."""

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.domain.alarms import RULES, judge
from gateway.services.count_mail import Counts

CONTENT_TYPE = CONTENT_TYPE_LATEST
Parts = Mapping[str, Mapping[str, Any]]


_COUNTED = {
    "received": ("gateway_mail_received", "Mails that were filed, by the door they came by.", "channel"),
    "verdict": ("gateway_mail_verdicts", "Mails by what became of them.", "verdict"),
    "origin": ("gateway_mail_origins", "Mails by what they were taken for.", "origin"),
    "match": ("gateway_mail_matches", "Mails that joined a ticket, by the evidence.", "rule"),
}
_WORK = {
    "held": ("gateway_mail_held", "Mails that wait for a person's word."),
    "suppressed": ("gateway_addresses_suppressed", "Addresses that nothing is sent to, as mail came back."),
    "mails_due": ("gateway_outbox_due", "Mails that somebody should send now."),
    "mails_failed": ("gateway_outbox_failed", "Mails that could not be delivered, of all that are kept."),
    "oldest_due_seconds": ("gateway_outbox_due_seconds", "How long a mail has been due that nobody tries."),
    "clocks_late_seconds": ("gateway_clocks_late_seconds", "By how long a warning of a guaranteed time is late."),
}


def exposition(parts: Parts, counts: Counts | None = None) -> bytes:
    """The findings in Prometheus' text format, and what was counted. An age that is not there, as nothing waits, is
    0."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Findings(parts, counts or {}))
    return generate_latest(registry)


class _Findings(Collector):
    """The findings of one scrape."""

    def __init__(self, parts: Parts, counts: Counts) -> None:
        self._parts = parts
        self._counts = counts

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
        yield from self._more()
        for kind, values in self._counts.items():
            name, says, label = _COUNTED[kind]
            yield _counter(name, says, label, values)

    def _more(self) -> Iterator[Metric]:
        machines = self._parts.get("machines", {}).get("machines", {})
        seen, waiting = _each(machines, "seen_seconds"), _each(machines, "waiting")
        yield _gauge("gateway_machine_seen_seconds", "How long a machine has said nothing.", "machine", seen)
        yield _gauge("gateway_machine_waiting", "Entries not filed yet when it last spoke.", "machine", waiting)
        receivers = self._parts.get("webhooks", {}).get("receivers", {})
        waiting, oldest = _each(receivers, "waiting"), _each(receivers, "oldest_seconds")
        yield _gauge("gateway_webhook_waiting", "Webhooks not at their end.", "receiver", waiting)
        yield _gauge("gateway_webhook_oldest_seconds", "Age of the oldest such webhook.", "receiver", oldest)
        judged = judge(self._parts)
        alarms = {name: judged[name] is not None for name in RULES if name in judged}
        yield _gauge("gateway_alarm", "Whether something is wrong; deploy/RUNBOOK.md has a page each.", "alarm", alarms)
        work = self._parts.get("work", {"state": "down"})
        for fact, (name, says) in _WORK.items() if work["state"] == "up" else ():
            yield GaugeMetricFamily(name, says, value=float(work[fact] or 0))
        age = self._parts.get("hotline", {}).get("snapshot_seconds")
        if age is not None:
            yield GaugeMetricFamily(
                "gateway_hotline_snapshot_seconds", "Age of what calls are answered from.", value=age
            )


def _each(things: Mapping[str, Mapping[str, Any]], field: str) -> dict[str, Any]:
    return {name: thing[field] for name, thing in things.items()}


def _counter(name: str, says: str, label: str, values: Mapping[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, says, labels=[label])
    for key, value in values.items():
        family.add_metric([key], float(value))
    return family


def _gauge(name: str, says: str, label: str, values: Mapping[str, Any]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, says, labels=[label])
    for key, value in values.items():
        family.add_metric([key], float(value or 0))
    return family
