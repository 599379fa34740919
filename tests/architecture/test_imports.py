"""Imports run one way: the doors know the core, the core knows none of them, the composition root knows all."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = frozenset({"gateway", "inbound", "telephony", "web"})
COMPOSITION_ROOT = Path("gateway/wiring.py")
MAY_IMPORT = {
    "gateway": frozenset({"gateway"}),
    "inbound": frozenset({"gateway", "inbound"}),
    "telephony": frozenset({"gateway", "telephony"}),
    "web": frozenset({"gateway", "web"}),
}


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Each import's line and top-level package: `import a.b`, `from a import b`, and `import_module("a.b")`.

    Imports inside functions and under `TYPE_CHECKING` count too. A relative import stays in its package.
    """
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name.partition(".")[0]) for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield node.lineno, module.partition(".")[0]
            case ast.Call(
                func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                yield node.lineno, module.partition(".")[0]


@pytest.mark.parametrize(
    ("source", "packages"),
    [
        ("import web.app", ["web"]),
        ("import os, web as w", ["os", "web"]),
        ("from inbound.session import Session", ["inbound"]),
        ("def f():\n    from telephony import calls", ["telephony"]),
        ("importlib.import_module('web.app')", ["web"]),
        ("from . import store", []),
        ("'import web'", []),
    ],
)
def test_every_way_to_import_is_seen(source: str, packages: list[str]) -> None:
    assert [package for _, package in imported(source)] == packages


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_a_package_imports_only_what_it_may(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files, f"the package {package} has no files"
    forbidden = OURS - MAY_IMPORT[package]
    assert [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in files
        if path.relative_to(ROOT) != COMPOSITION_ROOT
        for line, name in imported(path.read_text(encoding="utf-8"))
        if name in forbidden
    ] == []


def test_no_package_imports_the_tests() -> None:
    assert [
        f"{path.relative_to(ROOT)}:{line}"
        for package in OURS
        for path in (ROOT / package).rglob("*.py")
        for line, name in imported(path.read_text(encoding="utf-8"))
        if name == "tests"
    ] == []
