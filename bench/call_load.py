"""A provider that leads calls by script against webhooks, at a given rate whatever the answers take."""

import queue
import threading
import time
from collections.abc import Generator
from xml.etree import ElementTree

from telephony.simulator.sending import HttpTransport, Signing, signed_request

Asked = Generator[tuple[str, dict[str, str]], bytes, None]
"""The requests of one call; each answer is sent in."""

_WORKERS = 16  # requests of the provider under way at once
_LEG = ("initiated", "ringing", "in-progress", "completed")


class CallLoad:
    """Sends the next request of some call when it is time for one. `seen` are the seconds from then to its answer."""

    def __init__(self, *, base: str, road: str, secret: str, code: str) -> None:
        self._base = base
        self._transport = HttpTransport(roads={base: road})
        self._signing = Signing(secret=secret)
        self._code = code
        self._due: queue.Queue[float | None] = queue.Queue()
        self._ready: queue.SimpleQueue[tuple[Asked, tuple[str, dict[str, str]]]] = queue.SimpleQueue()
        self._begun = 0
        self._lock = threading.Lock()
        self.seen: list[float] = []
        self.refused = 0

    def send(self, *, seconds: float, rate: float) -> None:
        """So many requests a second, for so long."""
        threads = [threading.Thread(target=self._work) for _ in range(_WORKERS)]
        for thread in threads:
            thread.start()
        begun = time.perf_counter()
        for number in range(round(seconds * rate)):
            at = begun + number / rate
            time.sleep(max(0.0, at - time.perf_counter()))
            self._due.put(at)
        for _ in threads:
            self._due.put(None)
        for thread in threads:
            thread.join()

    def _work(self) -> None:
        while (at := self._due.get()) is not None:
            try:
                call, (url, params) = self._ready.get_nowait()
            except queue.Empty:
                call = self._call()
                url, params = next(call)
            reply = self._transport(signed_request(url, params, signing=self._signing, token="bench"))
            with self._lock:
                self.seen.append(time.perf_counter() - at)
                self.refused += reply.status not in {200, 204}
            try:
                self._ready.put((call, call.send(reply.body)))
            except (StopIteration, ElementTree.ParseError, KeyError):
                continue  # the call is over, or was refused and goes no further

    def _call(self) -> Asked:
        with self._lock:
            self._begun += 1
            number = self._begun
        return _requests(self._base, number=number, code=self._code)


def _requests(base: str, *, number: int, code: str) -> Asked:
    """A caller who is put through: four requests, an agent's leg, its end, and the end of the call."""
    root = f"{base}/telephony/twilio"
    call, leg = f"CA{number:032x}", f"CA{number + (1 << 100):032x}"
    known = {"CallSid": call, "AccountSid": "AC" + "0" * 32, "From": f"+336{number % 10**8:08d}", "To": "+33199001234"}
    answer = yield f"{root}/voice", {**known, "CallStatus": "ringing"}
    for keys in ("1", code, "1"):
        answer = yield _action(answer), {**known, "CallStatus": "in-progress", "Digits": keys}
    end = _action(answer)
    (rung,) = ElementTree.fromstring(answer).iter("Number")
    for order, status in enumerate(_LEG):
        told = {"CallSid": leg, "ParentCallSid": call, "CallStatus": status, "SequenceNumber": str(order)}
        yield rung.attrib["statusCallback"], {**known, **told}
    yield end, {**known, "DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "60"}
    yield f"{root}/status", {**known, "CallStatus": "completed", "CallDuration": "90", "SequenceNumber": "0"}


def _action(answer: bytes) -> str:
    return next(one.attrib["action"] for one in ElementTree.fromstring(answer) if "action" in one.attrib)
