"""Rows: filing with raw mail in a bucket, against the same on this disk (SQLite).

The bucket is on the loopback, and its server is a process of Python beside the workers: what it costs counts against
us, what a network costs does not.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.filing import Filing
from bench.mails import mixed_mails, plain_mails
from bench.report import Row, interleaved
from tests.support.s3 import S3Peer

ROOT = Path(__file__).resolve().parents[1]


def bucket_rows(filing: Filing, *, mails: int, runs: int) -> Iterator[Row]:
    """One row for each kind of mails."""
    with bucket_peer() as peer:
        settings = peer.settings
        for kind, content in (("5 kB", plain_mails(mails)), ("1 to 50 kB", mixed_mails(mails))):
            box = filing.box(content, f"bucket-{kind}")
            rates = interleaved(runs, [partial(_rate, filing, box, settings), partial(_rate, filing, box, {})])
            yield Row(
                name=f"mail to ticket, raw mail in a bucket, {kind}",
                unit="mails/s",
                ours=rates[0],
                other=rates[1],
                other_name="on this disk",
                ratio=rates[0] / rates[1],
                must=0.5,
                aim=0.9,
            )


def _rate(filing: Filing, box: Path, settings: Mapping[str, str], _run: int) -> float:
    return filing.rate(box, settings)


@dataclass(frozen=True, kw_only=True)
class BucketPeer:
    """A bucket served by a process of its own, and the settings by which it is used."""

    settings: Mapping[str, str]
    process: "subprocess.Popen[str]"

    def hang(self, seconds: float) -> None:
        """Take connections and say nothing for a while."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def bucket_peer() -> Iterator[BucketPeer]:
    """An S3 peer with an empty bucket."""
    command = [sys.executable, "-m", "tests.support.s3"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout is not None
        try:
            yield BucketPeer(settings=S3Peer(url=one.stdout.readline().strip()).environment(), process=one)
        finally:
            one.terminate()
