"""Did a machine write this mail, and may it be answered? (RFC 3834 and the practice around it)

Pure: headers, envelope sender and subject in, a classification with its evidence out. It is asked before
anything that may answer, and it leans to silence: a person who misses one acknowledgement loses little, two
machines that answer each other are a flood.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from gateway.mail.headers import Headers

LOOP_HEADER = "X-Gateway-Loop"


class Origin(StrEnum):
    """Who wrote a mail, as far as its form tells."""

    HUMAN = "human"
    AUTO_REPLY = "auto-reply"
    OUT_OF_OFFICE = "out-of-office"
    AUTO_GENERATED = "auto-generated"
    LIST = "list"
    BULK = "bulk"
    BOUNCE = "bounce"
    READ_RECEIPT = "read-receipt"
    FEEDBACK_REPORT = "feedback-report"
    OWN_LOOP = "own-loop"


# Mail about mail: it tells nothing that a person would have to answer, so it opens no ticket.
REPORTS = frozenset({Origin.BOUNCE, Origin.READ_RECEIPT, Origin.FEEDBACK_REPORT, Origin.OWN_LOOP})
# Answers that a machine gave to a mail of ours or of somebody else; nobody asks for anything in them.
MACHINE_ANSWERS = frozenset({Origin.AUTO_REPLY, Origin.OUT_OF_OFFICE})


@dataclass(frozen=True, kw_only=True)
class Classification:
    """What a mail is, the rule that said so and what it saw. `may_answer` is about automatic answers only."""

    origin: Origin
    may_answer: bool
    rule: str
    evidence: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What the rules look at. `mail_from` is "" for the null sender; `own_loop_marker` is what our own mail carries."""

    headers: Headers
    mail_from: str
    from_address: str
    subject: str
    content_type: str
    report_type: str
    own_loop_marker: str


Finding = tuple[Origin, str]
Rule = Callable[[Subject], Finding | None]


def classify(mail: Subject) -> Classification:
    """Ask the rules in order; the first that finds something decides, and none means that a person wrote.

    - own loop: our own loop marker came back
    - report: multipart/report, or one of the forms that reports had before RFC 3464
    - null sender: the envelope sender is `<>`, which only machines use
    - Auto-Submitted: anything but `no` (RFC 3834 section 5)
    - automatic-reply headers: X-Autoreply and its kin
    - Precedence and X-Precedence: auto_reply, then bulk, junk, list
    - list headers: List-Id, List-Unsubscribe and the others of RFC 2369 and 2919
    - X-Auto-Response-Suppress: a person's mailer does not ask for silence; ours may not answer
    - sender: mailer-daemon, postmaster, noreply
    - subject: an out-of-office phrase or that of a failure report, where no header says so
    """
    for name, rule in _RULES:
        found = rule(mail)
        if found is not None:
            origin, evidence = found
            return Classification(origin=origin, may_answer=False, rule=name, evidence=evidence)
    return Classification(origin=Origin.HUMAN, may_answer=True, rule="none", evidence="no rule found a machine")


def _own_loop(mail: Subject) -> Finding | None:
    for value in mail.headers.all(LOOP_HEADER):
        if value.strip().lower() == mail.own_loop_marker.lower():
            return Origin.OWN_LOOP, f"{LOOP_HEADER}: ours"
    return None


_REPORT_TYPES = {
    "delivery-status": Origin.BOUNCE,
    "disposition-notification": Origin.READ_RECEIPT,
    "feedback-report": Origin.FEEDBACK_REPORT,
}
_BOUNCE_SUBJECT = re.compile(
    r"""^\W*(
        (un|non)[- ]?deliver(able|ed|y)\b | undelivered\ mail
      | delivery\ (status\ notification|failure|report|notification|has\ failed)
      | delivery\ .{0,20}(failed|delayed|failure) | mail\ delivery\ (failed|failure|problem|system|status)
      | (returned|rejected|failed)\ (mail|message)\b | mail\ (could\ not|not)\ .{0,10}deliver | failure\ notice
      | message\ (status|delivery|not\ delivered|could\ not\ be\ delivered) | warning:\ (could\ not\ send|message)
      | (user|recipient|address)\ (unknown|not\ found) | mail\ (system\ )?error | nondeliverable\ mail
      | message\ undeliverable | non[- ]remis | échec\ de\ (la\ )?remise | message\ non\ (distribué|délivré|remis)
      | unzustellbar | correo\ no\ entregado | mancata\ consegna
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_DAEMON = re.compile(
    r"^(mailer[-_.]?daemon|mail[-_.]?daemon|postmaster|mdaemon|mail[-_.]?delivery|bounces?|delivery[-_.]?(agent|subsystem)|"
    r"majordomo|listserv|uucp)\b",
    re.IGNORECASE,
)


def _report(mail: Subject) -> Finding | None:
    if mail.content_type == "multipart/report":
        origin = _REPORT_TYPES.get(mail.report_type, Origin.BOUNCE)
        return origin, f"multipart/report; report-type={mail.report_type or 'none'}"
    bare = mail.content_type.removeprefix("message/")
    if bare in _REPORT_TYPES:
        return _REPORT_TYPES[bare], f"the mail is nothing but {mail.content_type}"
    if "x-failed-recipients" in mail.headers:
        return Origin.BOUNCE, "X-Failed-Recipients"
    if "x-loop" in mail.headers and "abuse-report" in mail.headers.first("x-loop").lower():
        return Origin.FEEDBACK_REPORT, "X-Loop: abuse report"
    if (_DAEMON.match(mail.from_address) or mail.mail_from == "") and _BOUNCE_SUBJECT.search(mail.subject):
        return Origin.BOUNCE, "a daemon or the null sender, and the subject of a failure report"
    return None


_NULL_PATH = re.compile(r"\s*<\s*>\s*")


def _null_sender(mail: Subject) -> Finding | None:
    if mail.mail_from != "" and not any(_NULL_PATH.fullmatch(value) for value in mail.headers.all("return-path")):
        return None
    if _out_of_office(mail):
        return Origin.OUT_OF_OFFICE, "null sender, and an out-of-office subject"
    if _BOUNCE_SUBJECT.search(mail.subject):
        return Origin.BOUNCE, "null sender, and the subject of a failure report"
    return Origin.AUTO_GENERATED, "null sender"


def _auto_submitted(mail: Subject) -> Finding | None:
    for value in mail.headers.all("auto-submitted"):
        # Parameters and comments may follow: "auto-replied (vacation)", "auto-generated; type=x".
        keyword = re.split(r"[\s;(]", value.strip().lower(), maxsplit=1)[0]
        if keyword in {"", "no"}:
            continue
        if keyword == "auto-replied":
            return _answer_kind(mail), f"Auto-Submitted: {keyword}"
        return Origin.AUTO_GENERATED, f"Auto-Submitted: {keyword}"
    return None


_REPLY_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponse",
    "x-autoresponder",
    "x-autoreply-from",
    "x-auto-reply-from",
    "x-mail-autoreply",
    "x-vacation",
    "x-ms-exchange-inbox-rules-loop",
)
_GENERATED_HEADERS = ("x-autogenerated", "x-auto-generated", "x-amazon-mail-relay-type", "feedback-id", "x-cron-env")


def _automatic_headers(mail: Subject) -> Finding | None:
    for name in _REPLY_HEADERS:
        if name in mail.headers and mail.headers.first(name).lower() not in {"no", "false", "0"}:
            return _answer_kind(mail), name
    for name in _GENERATED_HEADERS:
        if name in mail.headers and mail.headers.first(name).lower() not in {"no", "false", "0"}:
            return Origin.AUTO_GENERATED, name
    return None


def _precedence(mail: Subject) -> Finding | None:
    for name in ("precedence", "x-precedence"):
        for value in mail.headers.all(name):
            keyword = value.strip().lower().replace("-", "_")
            if keyword == "auto_reply":
                return _answer_kind(mail), f"{name}: auto_reply"
            if keyword in {"bulk", "junk", "list"}:
                origin = Origin.LIST if keyword == "list" or "list-id" in mail.headers else Origin.BULK
                return origin, f"{name}: {keyword}"
    return None


_LIST_HEADERS = (
    "list-id",
    "list-post",
    "list-help",
    "list-unsubscribe",
    "list-subscribe",
    "list-owner",
    "list-archive",
    "mailing-list",
    "x-mailing-list",
    "x-list",
    "x-mailman-version",
)


def _list_headers(mail: Subject) -> Finding | None:
    for name in _LIST_HEADERS:
        if name in mail.headers:
            return (Origin.BULK if name == "list-unsubscribe" else Origin.LIST), name
    return None


_SUPPRESSED = {"all", "oof", "autoreply", "rn", "nrn", "dr"}
_ANSWER_SUPPRESSED = {"all", "oof", "autoreply"}


def _suppress(mail: Subject) -> Finding | None:
    tokens = {
        token.strip().lower()
        for value in mail.headers.all("x-auto-response-suppress")
        for token in re.split(r"[,;\s]+", value)
    }
    if tokens & _ANSWER_SUPPRESSED:
        return Origin.AUTO_GENERATED, f"X-Auto-Response-Suppress: {', '.join(sorted(tokens & _SUPPRESSED))}"
    return None


_ROBOT = re.compile(
    r"^(no[-_.]?reply|do[-_.]?not[-_.]?reply|ne[-_.]?pas[-_.]?repondre|noreponse|nobody)\b", re.IGNORECASE
)


def _robot_sender(mail: Subject) -> Finding | None:
    for address in (mail.from_address, mail.mail_from):
        local = address.rpartition("@")[0]
        if _DAEMON.match(local):
            return Origin.AUTO_GENERATED, "written by a mail daemon"
        if _ROBOT.match(local):
            return Origin.AUTO_GENERATED, "an address that takes no answers"
    return None


_OUT_OF_OFFICE = re.compile(
    r"""^\W*(re\W+)?(
        out\ of\ (the\ )?office | auto(matic|mated)?[- ]?(reply|response|answer) | autoreply | auto:
      | (i\ am|i'm)\ (currently\ )?(away|out|on\ (vacation|leave|holiday)) | on\ vacation | vacation\ (reply|response)
      | absence\ du\ bureau | absent(e)?\ du\ bureau | r[ée]ponse\ automatique | message\ d['’]absence
      | je\ suis\ (actuellement\ )?(absente?|en\ congés?) | absente?\ jusqu
      | abwesenheits?(notiz|nachricht|assistent)? | automatische\ antwort | nicht\ im\ büro
      | respuesta\ automática | fuera\ de\ (la\ )?oficina | ausente
      | risposta\ automatica | fuori\ (sede|ufficio) | resposta\ automática | ausência\ temporária
      | automatisch\ antwoord | afwezig(heid)? | automatyczna\ odpowiedź | poza\ biurem
      | automatisk\ svar | autosvar | frånvaro | automaattinen\ vastaus | automatická\ odpověď | automatikus\ válasz
      | автоответ | автоматический\ ответ | מענה\b | לא\ נמצא | אינני\ במשרד | אני\ לא\
      | 自動(応答|返信) | 自动(回复|答复)
      | otomatik\ yanıt | răspuns\ automat
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def _telling_subject(mail: Subject) -> Finding | None:
    if _BOUNCE_SUBJECT.search(mail.subject):
        return Origin.AUTO_GENERATED, "the subject of a failure report"
    return _out_of_office(mail)


def _out_of_office(mail: Subject) -> Finding | None:
    if _OUT_OF_OFFICE.search(mail.subject):
        return Origin.OUT_OF_OFFICE, "the subject says so"
    return None


def _answer_kind(mail: Subject) -> Origin:
    return Origin.OUT_OF_OFFICE if _out_of_office(mail) else Origin.AUTO_REPLY


_RULES: tuple[tuple[str, Rule], ...] = (
    ("own loop", _own_loop),
    ("report", _report),
    ("null sender", _null_sender),
    ("Auto-Submitted", _auto_submitted),
    ("automatic-reply headers", _automatic_headers),
    ("Precedence", _precedence),
    ("list headers", _list_headers),
    ("X-Auto-Response-Suppress", _suppress),
    ("sender", _robot_sender),
    ("subject", _telling_subject),
)


def rule_names() -> Iterator[str]:
    """The rules in the order in which they are asked."""
    return (name for name, _ in _RULES)
