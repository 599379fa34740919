"""Everything that is measured, in one run: a table on the screen, a file and a plot in `bench/results/`.

python -m bench [--quick] [--peers PYTHON] [--only acceptance filing files living stored contract telephony
                pages browsing machines] [--stored 100000] [--runs 3] [--folder DISK] [--bucket]
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import acceptance, browsing, contract, living, machines, pages, telephony
from bench.bucket import bucket_rows
from bench.databases import databases
from bench.filing import Filing
from bench.plot import save_plot
from bench.report import HEADER, Row, line, save
from tests.support.servers import ValkeyServer

RESULTS = Path(__file__).with_name("results")
PARTS = (
    *("acceptance", "filing", "files", "living", "stored"),
    *("contract", "telephony", "pages", "browsing", "machines"),
)


def main() -> None:
    """Measure, print, save."""
    options = _options()
    rows: list[Row] = []
    print(HEADER)
    with (
        tempfile.TemporaryDirectory(dir=options.folder, prefix="gateway-bench-") as folder,
        ValkeyServer(Path(folder)) as valkey,
    ):
        for row in _measured(options, Path(folder), valkey.url):
            rows.append(row)
            print(line(row), flush=True)
    path = save(rows, RESULTS)
    save_plot(rows, path.with_suffix(".svg"))
    print(f"kept in {RESULTS.parent.name}/{RESULTS.name}/{path.name}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer mails: shows that everything runs, not how fast")
    parser.add_argument("--peers", type=Path, metavar="PYTHON", help="the Python that has django-helpdesk (README.md)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--stored", type=int, default=100_000, help="tickets")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--bucket", action="store_true", help="machines: their files in a bucket that all share")
    parser.add_argument("--folder", type=Path, help="on the disk to measure; default: that for temporary files")
    return parser.parse_args()


def _measured(options: argparse.Namespace, folder: Path, redis_url: str) -> Iterator[Row]:
    few = options.quick
    if "acceptance" in options.only:
        mails = 300 if few else 3_000
        cases = [*acceptance.small_cases(mails, 5_000, [1, 10, 50]), *acceptance.other_cases(mails, 5_000)]
        yield from acceptance.measure(cases, runs=options.runs, redis_url=redis_url, folder=folder)
    with databases() as kinds:
        filing = Filing(folder, redis_url=redis_url, databases=kinds, peer=options.peers)
        if "filing" in options.only:
            if kinds.why_not:
                print(f"without PostgreSQL: {kinds.why_not}")
            yield from filing.rows(mails=50 if few else 2_000, runs=options.runs)
        if "files" in options.only:
            yield from bucket_rows(filing, mails=50 if few else 1_000, runs=options.runs)
        if "stored" in options.only:
            yield filing.stored_row(stored=options.stored, few=1_000, mails=50 if few else 300, runs=options.runs)
        if "pages" in options.only:
            yield from pages.rows(folder, redis_url=redis_url, number=2_000 if few else options.stored, kinds=kinds)
    if "living" in options.only:
        yield from living.rows(folder / "living", mails=20 if few else 200)
    if "contract" in options.only:
        yield from contract.rows(folder / "contract", tickets=1_000 if few else options.stored, runs=options.runs)
    if "telephony" in options.only:
        yield from telephony.rows(folder, redis_url=redis_url, seconds=5 if few else 60)
    if "browsing" in options.only:
        yield from browsing.rows(folder, redis_url=redis_url, number=2_000 if few else options.stored)
    if "machines" in options.only:
        mails, runs = (60, 1) if few else (600, options.runs)
        yield from machines.rows(folder / "machines", mails=mails, runs=runs, bucket=options.bucket)


if __name__ == "__main__":
    main()
