"""GET /accessibility: how accessible these pages are, what was tested and what was not, and whom to tell.

The declaration that article 47 of the French law 2005-102 asks for, in the form of RGAA 4.1. It says no more than is
so: checks by software and tests by keyboard are no audit.
"""

from flask import Flask, render_template


def register(app: Flask) -> None:
    """Add the page, which is open to everybody."""
    app.add_url_rule("/accessibility", "accessibility", lambda: render_template("accessibility.html"))
