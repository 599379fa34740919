"""A child process in a Python of its own: django-helpdesk files the mails of a folder, and says how long it took.

    PEERS/bin/python bench/peer_helpdesk.py MAILS WORK [DATABASE HOST]    prints one JSON object

Its own path is used: a queue with a local mailbox folder, `process_queue`, and the mails to the submitter, which go
to memory. The database is SQLite below WORK (in WAL mode, as ours), or PostgreSQL where its name and the folder of
its socket are given. Nothing here belongs to the gateway.
"""

import json
import logging
import shutil
import sys
import time
from pathlib import Path

import django
from django.conf import settings

urlpatterns: list[object] = []  # of the site, once there is one: the mails to submitters have links


def main() -> None:
    """Set up, file, count."""
    mails, work, *database = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    box, media = Path(work) / "box", Path(work) / "media"
    shutil.copytree(mails, box)
    _configure(Path(work), media, database)

    from django.core import mail
    from django.core.management import call_command
    from django.urls import include, path
    from helpdesk.email import process_queue
    from helpdesk.models import Queue, Ticket

    urlpatterns.append(path("", include("helpdesk.urls", namespace="helpdesk")))
    call_command("migrate", verbosity=0)
    queue = Queue.objects.create(
        title="support",
        slug="support",
        email_address="support@demo.example",
        allow_email_submission=True,
        email_box_type="local",
        email_box_local_dir=str(box),
    )
    mail.outbox = []
    wall, cpu = time.perf_counter(), time.process_time()
    process_queue(queue, logging.getLogger("helpdesk"))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    filed = Ticket.objects.count()
    print(json.dumps({"seconds": wall, "cpu": cpu, "tickets": filed, "acknowledgements": len(mail.outbox)}))


def _configure(work: Path, media: Path, database: list[str]) -> None:
    sqlite = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(work / "helpdesk.db"),
        "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"},
    }
    settings.configure(
        SECRET_KEY="bench",
        USE_TZ=True,
        SITE_ID=1,
        LANGUAGE_CODE="en",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.sites",
            "django.contrib.humanize",
            "django.contrib.messages",
            "rest_framework",
            "account",
            "pinax.teams",
            "pinax.invitations",
            "reversion",
            "helpdesk",
        ],
        ROOT_URLCONF=__name__,
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        MEDIA_ROOT=str(media),
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        DEFAULT_FROM_EMAIL="support@demo.example",
        DATABASES={
            "default": sqlite
            if not database
            else {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": database[0],
                "HOST": database[1],
                "USER": "postgres",
            }
        },
    )
    django.setup()


if __name__ == "__main__":
    main()
