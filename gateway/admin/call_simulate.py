"""`gateway call simulate` and `gateway call phone`: calls to the hotline with no provider."""

import sys
import tomllib
from pathlib import Path
from typing import Any

import click

from gateway.config.load import load_settings
from gateway.errors import Misconfigured


@click.group()
def call() -> None:
    """Calls to the hotline."""


@call.command("simulate")
@click.option("--from", "caller", help="The caller's number, or a word such as anonymous.")
@click.option("--to", "called", help="The hotline; by default that of the first project that has one.")
@click.option("--press", multiple=True, help="Keys for one question: 0-9, *, #, w to wait; or hangup. Repeat it.")
@click.option("--leg", multiple=True, help="A telephone as it is rung: accept,after=4,talk=60; busy; voicemail; ...")
@click.option("--message", type=float, help="Seconds that the caller speaks after the tone.")
@click.option("--message-end", type=click.Choice(["hangup", "key", "silence"]), help="How the message ends.")
@click.option("--hang-up-at", type=float, help="Seconds after which the caller hangs up, whatever happens.")
@click.option("--interrupts", is_flag=True, help="The caller presses before a question is over.")
@click.option("--script", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="A script file (TOML).")
@click.option("--real-time", is_flag=True, help="Take the time that the call takes.")
@click.option("--seed", type=int, help="Repeat the ids of an earlier call.")
def simulate(called: str | None, script: Path | None, seed: int | None, *, real_time: bool, **options: Any) -> None:
    """Call the hotline of the running gateway and print the dialogue, with times.

    Options stand over the script file. The exit code is 0 when the call ended by its script, and 1 otherwise.
    """
    from gateway.wiring import simulate_call

    document = {**_read(script), **_given(options)}
    settings = load_settings()
    by_script = simulate_call(settings, document, say=click.echo, called=called, seed=seed, is_real_time=real_time)
    sys.exit(0 if by_script else 1)


@call.command("phone")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="By default any that is free.")
def phone(port: int) -> None:
    """A telephone on a web page of this machine: call the hotline by hand until Ctrl-C."""
    from gateway.wiring import serve_phone

    serve_phone(load_settings(), port=port, say=click.echo)


def _read(script: Path | None) -> dict[str, Any]:
    if script is None:
        return {}
    try:
        return tomllib.loads(script.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Misconfigured([f"{script} is no script: {error}"]) from error


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as a script file says them."""
    message = {"seconds": options["message"], "end": options["message_end"]}
    document = {
        "from": options["caller"],
        "press": list(options["press"]) or None,
        "leg": list(options["leg"]) or None,
        "message": {key: value for key, value in message.items() if value is not None} or None,
        "hang_up_at": options["hang_up_at"],
        "interrupts": options["interrupts"] or None,
    }
    return {key: value for key, value in document.items() if value is not None}


COMMANDS: list[click.Command] = [call]
