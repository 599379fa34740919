"""The pages of the web telephone, in French and English at once."""

from html import escape

from telephony.simulator.script import HANG_UP, LEGS
from telephony.simulator.session import Session
from telephony.simulator.transcript import transcript

_ROWS = ("123", "456", "789", "*0#")
_STYLE = (
    "body{font:1rem sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    "button{font-size:1.2rem;min-width:3.5rem;padding:.6rem;margin:.15rem}"
    "ol{font-family:monospace;white-space:pre-wrap;list-style:none;padding:0}label{display:block;margin:.6rem 0}"
)


def start_page(*, fault: str = "") -> str:
    """Who calls, and what the agents' telephones do."""
    told = f'<p role="alert">{escape(fault)}</p>' if fault else ""
    legs = "".join(_leg(number) for number in (1, 2, 3))
    return _page(
        f'{told}<form method="post" action="call"><label>Appelant · Caller '
        f'<input name="from" value="+33612345678" required></label>{legs}'
        "<button>Appeler · Call</button></form>"
    )


def call_page(session: Session, *, keys: str, sid: str) -> str:
    """The keypad while the call goes on, the keys pressed so far, and all that happened, the newest last."""
    lines = "".join(f"<li>{escape(line)}</li>" for line in transcript(session.lines))
    pad = _keypad(sid, keys) if session.ending is None else "<p>Appel terminé · The call is over</p>"
    again = '<p><a href="./">Nouvel appel · New call</a></p>'
    return _page(f'<ol aria-live="polite">{lines}</ol>{pad}{again}')


def _leg(number: int) -> str:
    options = "".join(f"<option>{name}</option>" for name in LEGS)
    return f'<label>Agent {number} <select name="leg">{options}</select></label>'


def _keypad(sid: str, keys: str) -> str:
    rows = "".join(f"<div>{''.join(_button(key, key) for key in row)}</div>" for row in _ROWS)
    more = _button("wait", "Attendre · Wait") + _button(HANG_UP, "Raccrocher · Hang up")
    return f'<p><output>{escape(keys)}</output></p><form method="post" action="{escape(sid)}/press">{rows}{more}</form>'


def _button(value: str, label: str) -> str:
    return f'<button name="key" value="{escape(value)}">{escape(label)}</button>'


def _page(body: str) -> str:
    return (
        '<!doctype html><html lang="fr"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>Téléphone · Telephone</title><style>{_STYLE}</style></head>'
        f"<body><main><h1>Téléphone · Telephone</h1>{body}</main></body></html>"
    )
