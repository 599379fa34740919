"""A receiver of webhooks on loopback that answers as it is told to, and remembers what it got."""

from collections.abc import Iterable, Iterator, Mapping

from tests.support.listener import Answer, Asked, HttpListener


class Receiver(HttpListener):
    """`answers` are statuses to give, the last one for ever; "hang" never answers, "drip" is slow for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[tuple[Mapping[str, str], bytes]] = []
        self.paths: list[str] = []
        self.answers: list[int | str] = [204]
        self.url = f"{self.url}/hook"

    def reply(self, asked: Asked) -> Answer | Iterable[bytes]:
        self.got.append((asked.headers, asked.body))
        self.paths.append(asked.target)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == "hang":
            self.over.wait()
            return ()
        if answer == "drip":
            return self._drip()
        return Answer(status=int(answer), headers={"Location": self.url.replace("/hook", "/elsewhere")})

    def _drip(self) -> Iterator[bytes]:
        while not self.over.wait(0.05):
            yield b"H"
