"""Durable acceptance against stock aiosmtpd that does nothing: mails a second, and the ratio.

    python -m bench.smtp_load [--mails 3000] [--size 5000] [--runs 3] [--per-connection 1] [--folder DISK]

Both servers are measured in turn in every run, and the medians of the runs are printed. `--folder` names a
folder on the disk to measure; the default is the folder for temporary files. Most peers send one mail a
connection, which is the default here too.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from bench.smtp_client import Load, run_load
from bench.smtp_servers import our_smtpd, stock_aiosmtpd
from tests.support.servers import ValkeyServer

MIB = 1024 * 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mails", type=int, default=3000)
    parser.add_argument("--size", type=int, default=5000, help="bytes of one mail")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--per-connection", type=int, default=1, help="mails")
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    content = make_mail(options.size)
    print(f"{'sessions':>8} {'stock/s':>8} {'ours/s':>8} {'ratio':>6}   memory of ours")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, ValkeyServer(Path(folder)) as valkey:
        for sessions in options.sessions:
            load = Load(
                sessions=sessions,
                mails=options.mails,
                mails_per_connection=options.per_connection,
                content=content,
            )
            stock, ours, memory = [], [], 0
            for run in range(options.runs):
                with stock_aiosmtpd() as server:
                    stock.append(run_load(server.port, load))
                with our_smtpd(redis_url=valkey.url, data=Path(folder) / f"{sessions}-{run}") as server:
                    ours.append(run_load(server.port, load))
                    memory = max(memory, server.memory)
            left, right = statistics.median(stock), statistics.median(ours)
            print(f"{sessions:>8} {left:>8.0f} {right:>8.0f} {right / left:>6.2f}   {memory / MIB:.0f} MiB")


def make_mail(size: int) -> bytes:
    """A mail of about `size` bytes in lines of ordinary length."""
    head = b"From: marie@client.example\r\nTo: support@demo.example\r\nSubject: panne\r\n\r\n"
    line = b"La chaudiere numero sept ne demarre plus depuis ce matin, merci de nous rappeler.\r\n"
    return head + (line * (size // len(line) + 1))[: size - len(head)]


if __name__ == "__main__":
    main()
