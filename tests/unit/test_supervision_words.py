"""Whatever supervisors are shown has its words: acts, mails, alarms."""

from gateway.domain.alarms import RULES
from gateway.domain.audit import AuditAction
from gateway.notify.samples import SAMPLES
from web.alarm_words import ALARMS
from web.audit_words import ACTIONS
from web.desk_templates import NOTICES


def test_every_act_mail_and_alarm_has_its_words() -> None:
    assert set(ACTIONS) == set(AuditAction)
    assert set(NOTICES) == {notice for notice, _ in SAMPLES.values()}
    assert set(ALARMS) == set(RULES)
