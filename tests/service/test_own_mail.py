"""Our own mail that comes back is known by the Message-ID that we signed, whatever the way took from its header."""

from gateway.db.receipts import Verdict
from gateway.runtime import Runtime
from tests.service.test_filing import file, outbox, tickets
from tests.support.installation import mail


def test_a_notice_that_somebodys_rule_sends_back_goes_no_further(runtime: Runtime) -> None:
    file(runtime, mail(1))
    [notice] = outbox(runtime)
    back = file(runtime, mail(2, sender="support@demo.example", Message_ID=f"<{notice.message_id}>"))
    assert (back.verdict, "own-loop" in back.reason) == (Verdict.IGNORED, True)
    assert [ticket.entries for ticket in tickets(runtime)] == [1]


def test_an_id_that_only_looks_like_ours_is_anybodys(runtime: Runtime) -> None:
    file(runtime, mail(1))
    [notice] = outbox(runtime)
    local, at, domain = notice.message_id.partition("@")
    changed = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}{at}{domain}"
    assert file(runtime, mail(2, Message_ID=f"<{changed}>")).verdict is Verdict.FILED
