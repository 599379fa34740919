"""Reading many files: several at once where the store is far away, in the order of their names."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from gateway.errors import NotFound
from gateway.files.store import FileName, FileStore


def read_each(store: FileStore, names: Iterable[FileName]) -> Iterator[tuple[FileName, bytes]]:
    """Each file with its content; those that are gone meanwhile are left out. Raises StoreTrouble.

    As many are in memory as the store is wide.
    """
    if store.width == 1:
        for name in names:
            content = _read(store, name)
            if content is not None:
                yield name, content
        return
    with ThreadPoolExecutor(store.width, thread_name_prefix="reading") as pool:
        waiting: deque[tuple[FileName, Future[bytes | None]]] = deque()
        for name in names:
            waiting.append((name, pool.submit(_read, store, name)))
            if len(waiting) >= store.width:
                yield from _first(waiting)
        while waiting:
            yield from _first(waiting)


def _first(waiting: "deque[tuple[FileName, Future[bytes | None]]]") -> Iterator[tuple[FileName, bytes]]:
    name, future = waiting.popleft()
    content = future.result()
    if content is not None:
        yield name, content


def _read(store: FileStore, name: FileName) -> bytes | None:
    try:
        return store.read(name)
    except NotFound:
        return None
