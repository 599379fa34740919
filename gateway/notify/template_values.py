"""What each template is given: the values that are in every mail, and those of its notice."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from gateway.db.outbox import Delivery
from gateway.domain.alarms import say_alarm
from gateway.domain.saying import say_stored
from gateway.domain.ticket import Language
from gateway.errors import Refused
from gateway.mail.agent_orders import USAGE
from gateway.mail.marker import make_mark, marker_line
from gateway.notify.clock_digest import digest_values
from gateway.notify.links import ticket_url
from gateway.notify.news import news_digest_values, news_values
from gateway.notify.notices import Notice
from gateway.notify.progress import participant_values, progress_values
from gateway.notify.wording import promises, say_week, say_when
from gateway.runtime import Runtime
from gateway.services.sign_in import sign_in_url


class UnknownNotice(Refused):
    """A row for a notice that this version does not know."""


class ProjectGone(Refused):
    """A row of a project that is no longer configured."""


def template_values(delivery: Delivery, *, runtime: Runtime) -> dict[str, Any]:
    """The values for the mail of a row. Raises ProjectGone, UnknownNotice, KeyError for a row that lacks one."""
    try:
        project = runtime.project(delivery.project)
    except KeyError:
        raise ProjectGone(f"the project {delivery.project} has left the configuration") from None
    own = _VALUES.get(delivery.notice)
    if own is None:
        raise UnknownNotice(f"this version knows no notice {delivery.notice!r}")
    lang = Language(delivery.lang)
    common = {
        "lang": lang,
        "marker": marker_line(lang, _mark(delivery, runtime)),
        "project": project.name,
        "address": project.address,
    }
    return common | own(delivery, runtime)


def _mark(delivery: Delivery, runtime: Runtime) -> str | None:
    if delivery.ticket_id is None:
        return None
    return make_mark(
        runtime.signer,
        ticket_id=delivery.ticket_id,
        person_id=delivery.person_id,
        today=delivery.created_at.date(),
    )


def _acknowledgement(delivery: Delivery, runtime: Runtime) -> dict[str, Any]:
    ref, lang, project = delivery.context["ref"], Language(delivery.lang), runtime.project(delivery.project)
    report = delivery.context.get("report")
    return {
        "ref": ref,
        "by_form": report is not None,
        "url": ticket_url(runtime, ref),
        "hours": say_week(project.calendar, lang=lang),
        "promised": promises(project.contract, lang=lang, only=None if report is None else report["severity"]),
    }


def _sign_in_link(delivery: Delivery, runtime: Runtime) -> dict[str, Any]:
    url = sign_in_url(runtime.settings, runtime.signer, delivery.context["link_id"], delivery.created_at.date())
    return {"url": url, "minutes": runtime.settings.session.link_minutes}


def _mailbox(delivery: Delivery, _runtime: Runtime) -> dict[str, Any]:
    context = delivery.context
    said = say_stored(context["reason"], Language(delivery.lang))
    return {"mailbox": context["mailbox"], "reason": said, "minutes": context["minutes"]}


def _alarm(delivery: Delivery, runtime: Runtime) -> dict[str, Any]:
    context, zone = delivery.context, runtime.project(delivery.project).calendar.zone_info
    lang = Language(delivery.lang)
    since = say_when(datetime.fromisoformat(context["since"]), lang=lang, zone=zone)
    return {"alarm": context["alarm"], "detail": say_alarm(context["detail"], lang), "since": since}


def _orders_refused(delivery: Delivery, _runtime: Runtime) -> dict[str, Any]:
    lang = Language(delivery.lang)
    faults = [say_stored(fault, lang) for fault in delivery.context["faults"]]
    return {"ref": delivery.context["ref"], "faults": faults, "usage": USAGE[lang]}


_VALUES: dict[str, Callable[[Delivery, Runtime], dict[str, Any]]] = {
    Notice.ACKNOWLEDGEMENT: _acknowledgement,
    Notice.PROGRESS: progress_values,
    Notice.PARTICIPANT: participant_values,
    Notice.NEWS: news_values,
    Notice.NEWS_DIGEST: news_digest_values,
    Notice.ORDERS_REFUSED: _orders_refused,
    Notice.CLOCKS: digest_values,
    Notice.SIGN_IN_LINK: _sign_in_link,
    Notice.MAILBOX_FAILING: _mailbox,
    Notice.MAILBOX_RECOVERED: _mailbox,
    Notice.ALARM: _alarm,
    Notice.ALARM_OVER: _alarm,
}
