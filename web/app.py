"""The pages as one WSGI application.

Making it dials nothing: it must serve, and say what is wrong, while the database or Redis is away.
"""

from hashlib import sha256
from pathlib import Path

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined

from gateway.runtime import Runtime
from web import (
    accessibility,
    account,
    acts,
    api,
    attachments,
    auth,
    desk_routes,
    errors,
    health,
    html_body,
    i18n,
    navigation,
    oidc_sign_in,
    outcome,
    reply,
    report,
    sent,
    staff_sign_in,
    tickets,
    uploads,
    words,
)
from web.background import Background
from web.limits import make_limiter
from web.security import protect_answers, security_config
from web.state import (
    ReadAttachment,
    ReadFormatted,
    RefuseFiles,
    ReleaseMail,
    WebState,
    read_no_layout,
    refuse_no_files,
    release_no_mail,
)

_ONE_DAY = 24 * 3600  # seconds


def create_app(
    runtime: Runtime,
    read_attachment: ReadAttachment,
    *,
    read_formatted: ReadFormatted = read_no_layout,
    refuse_files: RefuseFiles = refuse_no_files,
    release_mail: ReleaseMail = release_no_mail,
) -> Flask:
    """The application on these stores. `read_attachment` takes a file out of a raw mail, by its position;
    `read_formatted` its body with its layout; `refuse_files` tells which files are not taken; `release_mail` files
    a held mail."""
    settings = runtime.settings
    app = Flask(__name__)
    app.config.update(security_config(settings, runtime.signer), SEND_FILE_MAX_AGE_DEFAULT=_ONE_DAY)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    state = WebState(
        runtime=runtime,
        read_attachment=read_attachment,
        read_formatted=read_formatted,
        refuse_files=refuse_files,
        release_mail=release_mail,
        background=Background(),
        shows_sent=sent.may_show_sent(settings),
    )
    with app.app_context():
        state.attach()
    _serve_assets(app)
    app.context_processor(
        lambda: {
            "site_name": settings.mail.sender_name,
            "shows_sent": state.shows_sent,
        }
    )
    limiter = make_limiter(settings)
    protect_answers(app, settings)
    auth.register(app, limiter)  # first: its gate asks who is there before anything else asks anything
    staff_sign_in.register(app, limiter)
    oidc_sign_in.register(app, limiter)
    account.register(app, limiter)
    csrf = CSRFProtect(app)
    limiter.init_app(app)
    i18n.register(app)
    words.register(app)
    navigation.register(app)
    tickets.register(app)
    attachments.register(app)
    html_body.register(app)
    uploads.register(app)
    reply.register(app, limiter)
    outcome.register(app, limiter, csrf)
    report.register(app, limiter)
    acts.register(app, limiter)
    desk_routes.register(app, limiter)
    sent.register(app)
    accessibility.register(app)
    api.register(app, limiter, csrf)
    health.register(app, runtime, limiter)
    errors.register(app)
    return app


def _serve_assets(app: Flask) -> None:
    """Let templates name a file of ours by what is in it, so that a browser keeps it no longer than it is true."""
    folder = Path(str(app.static_folder))
    versions = {path.name: sha256(path.read_bytes()).hexdigest()[:8] for path in folder.iterdir()}
    app.add_template_global(lambda name: f"/static/{name}?v={versions[name]}", "asset")
