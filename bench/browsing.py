"""Every kind of page in a real Chromium, as Lighthouse looks at it: a slow telephone on a slow network.

    python -m bench --only browsing [--stored 100000]

360 x 640 at two pixels a point, processor slowed down four times, 1.6 Mbit/s with 150 ms to and fro ("slow 4G"), an
empty cache for every page. What is good is said by <https://web.dev/articles/vitals>: largest contentful paint within
2.5 s, layout shift at most 0.1, blocking time at most 200 ms, first contentful paint within 1.8 s.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from waitress.server import create_server

from bench.lives import AGENTS, MANY
from bench.pages import Asked, every_page
from bench.report import Row
from bench.stocked import Stocked, open_stocked, stocked_settings
from gateway.logs import configure_logs
from web.security import cookie_name

CHROMIUM = "/usr/bin/chromium"
_SLOWER = 4
_NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
_PHONE: Any = {
    "viewport": {"width": 360, "height": 640},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
_WATCH = """
window.seen = {fcp: 0, lcp: 0, shift: 0, tasks: []};
const watch = (type, each) => new PerformanceObserver(
    list => list.getEntries().forEach(each)).observe({type, buffered: true});
watch('paint', one => { if (one.name === 'first-contentful-paint') seen.fcp = one.startTime; });
watch('largest-contentful-paint', one => { seen.lcp = one.startTime; });
watch('layout-shift', one => { if (!one.hadRecentInput) seen.shift += one.value; });
watch('longtask', one => { seen.tasks.push([one.startTime, one.duration]); });
"""
_QUIET = 500  # milliseconds after which a page that has loaded is taken to be done


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What one page took: milliseconds, the score of layout shift, numbers and bytes as they came over the wire."""

    first_paint: float
    largest_paint: float
    blocked: float
    shift: float
    requests: int
    size: float
    errors: tuple[str, ...]


def rows(folder: Path, *, redis_url: str, number: int) -> Iterator[Row]:
    """A row for each page, on SQLite, then what all of them must keep."""
    configure_logs("error", role="bench")
    settings = stocked_settings(folder / "browsing", redis_url=redis_url, more={})
    with open_stocked(settings, number=number) as stocked, _serving(stocked) as base, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        looked = {asked.name: _look(browser, stocked, base, asked) for asked in _looked_at(stocked)}
        browser.close()
    for name, one in looked.items():
        yield _row(name, one)
    for name, one in looked.items():
        for error in one.errors:
            print(f"console of {name}: {error}")
    shift = max(one.shift for one in looked.values())
    yield Row(name="worst layout shift", unit="score", ours=shift, must=0.1, aim=0.0, at_most=True)
    blocked = max(one.blocked for one in looked.values())
    yield Row(name="longest blocking time", unit="ms", ours=blocked, must=200, aim=50, at_most=True)
    errors = sum(len(one.errors) for one in looked.values())
    yield Row(name="errors in the console", unit="errors", ours=errors, must=0, aim=0, at_most=True)


def _looked_at(stocked: Stocked) -> Sequence[Asked]:
    """One of each kind: pages, and no files or data."""
    data = ("/healthz", "/readyz", "/metrics", "/api/v1")
    people = {"", MANY, AGENTS["supervisor"]}
    every = (asked for asked in every_page(stocked) if not asked.token)
    pages = (asked for asked in every if not asked.path.startswith(data) and ".csv" not in asked.path)
    found: dict[str, Asked] = {}
    for asked in pages:
        if asked.by in people or "longest" in asked.name:
            found.setdefault(asked.path, asked)
    return list(found.values())


@contextmanager
def _serving(stocked: Stocked) -> Iterator[str]:
    server: Any = create_server(stocked.app, host="127.0.0.1", port=0, threads=8)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(10)


def _look(browser: Browser, stocked: Stocked, base: str, asked: Asked) -> Looked:
    context = browser.new_context(locale="fr-FR", **_PHONE)
    if asked.by:
        name = cookie_name(stocked.runtime.settings, "session")
        context.add_cookies([{"name": name, "value": stocked.session(asked.by), "url": base}])
    page = context.new_page()
    page.add_init_script(_WATCH)
    errors, sizes = _listen(page)
    page.goto(f"{base}{asked.path}", wait_until="load")
    page.wait_for_load_state("networkidle")
    page.evaluate(f"new Promise(done => setTimeout(done, {_QUIET}))")
    seen = page.evaluate("window.seen")
    context.close()
    blocked = sum(max(length - 50, 0) for began, length in seen["tasks"] if began + length > seen["fcp"])
    return Looked(
        first_paint=seen["fcp"],
        largest_paint=seen["lcp"],
        blocked=blocked,
        shift=seen["shift"],
        requests=len(sizes),
        size=sum(sizes),
        errors=tuple(errors),
    )


def _listen(page: Page) -> tuple[list[str], list[float]]:
    """Slow the page down; what its console says and what it loads come into these lists."""
    errors: list[str] = []
    sizes: list[float] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    session = page.context.new_cdp_session(page)
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", _NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
    return errors, sizes


def _row(name: str, looked: Looked) -> Row:
    return Row(
        name=f"phone: {name}",
        unit="ms LCP",
        ours=looked.largest_paint,
        must=2_500,
        aim=1_500,
        at_most=True,
        details={
            "FCP": looked.first_paint,
            "blocked": looked.blocked,
            "shift x 1000": 1000 * looked.shift,
            "requests": looked.requests,
            "kB": looked.size / 1000,
            "errors": len(looked.errors),
        },
    )
