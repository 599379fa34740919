"""Durable acceptance alone: mails a second against stock aiosmtpd that does nothing, and the ratio.

python -m bench.smtp_load [--mails 3000] [--size 5000] [--runs 3] [--sessions 1 10 50] [--folder DISK]
"""

import argparse
import tempfile
from pathlib import Path

from bench import acceptance
from bench.report import HEADER, line
from tests.support.servers import ValkeyServer


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mails", type=int, default=3000)
    parser.add_argument("--size", type=int, default=5000, help="bytes of one mail")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to measure")
    options = parser.parse_args()
    cases = acceptance.small_cases(options.mails, options.size, options.sessions)
    print(HEADER)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, ValkeyServer(Path(folder)) as valkey:
        for row in acceptance.measure(cases, runs=options.runs, redis_url=valkey.url, folder=Path(folder)):
            print(line(row), flush=True)


if __name__ == "__main__":
    main()
