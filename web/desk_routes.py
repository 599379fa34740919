"""All pages of the desk."""

from flask import Flask
from flask_limiter import Limiter

from web import (
    desk,
    desk_act,
    desk_advisories,
    desk_audit,
    desk_calls,
    desk_duty,
    desk_files,
    desk_mail,
    desk_people,
    desk_report,
    desk_status,
    desk_templates,
    desk_ticket,
    desk_ways_in,
)


def register(app: Flask, limiter: Limiter) -> None:
    """Add them."""
    desk.register(app)
    desk_ticket.register(app)
    desk_files.register(app)
    desk_act.register(app, limiter)
    desk_advisories.register(app, limiter)
    desk_calls.register(app, limiter)
    desk_duty.register(app, limiter)
    desk_mail.register(app, limiter)
    desk_report.register(app)
    desk_status.register(app)
    desk_people.register(app, limiter)
    desk_ways_in.register(app, limiter)
    desk_templates.register(app)
    desk_audit.register(app)
