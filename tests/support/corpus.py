"""The corpus of real mails: not part of the product, so tests skip, with the reason, where it is absent."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "corpus"


def corpus_folder() -> Path:
    """The folder named by GATEWAY_TEST_CORPUS, or the one beside the checkout."""
    folder = Path(os.environ.get("GATEWAY_TEST_CORPUS", _BESIDE))
    if not folder.is_dir():
        pytest.skip("the mail corpus is not here; name its folder by GATEWAY_TEST_CORPUS")
    return folder


def expected(name: str) -> list[dict[str, Any]]:
    """The rows of one folder's expectations, each with its `raw` bytes."""
    folder = corpus_folder()
    lines = (folder / name / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    return [row | {"raw": (folder / row["file"]).read_bytes()} for row in map(json.loads, lines)]
