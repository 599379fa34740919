"""The relay: an SMTP client that tells "refused", "later" and "no idea" apart, and never lowers its guard.

One connection serves a batch of mails, with RSET between them. TLS is never given up: a relay that offers no
STARTTLS, or shows a certificate that cannot be verified, gets nothing, not even our login.

`smtplib.SMTP.sendmail` is not used: it answers a connection lost before the end of the mail and one lost after
it with the same error, and the difference is what decides between "try again" and "it may have arrived".
"""

import re
import smtplib
import ssl
from contextlib import suppress

from gateway.config.model import RelaySettings
from gateway.notify.compose import OutgoingMail
from gateway.notify.outcome import FinalFailure, RecipientRefused, RelayTrouble, TemporaryFailure, UnknownResult, reason

_LOGIN_WANTED = {530, 534, 535, 538}  # RFC 4954 section 6, RFC 3207 section 4: about us, not about the mail
_LINE_START_DOT = re.compile(rb"^\.", re.MULTILINE)


class RelayMailer:
    """Hands mails to the relay of the settings. `our_name` is what we say in EHLO."""

    def __init__(self, settings: RelaySettings, *, host: str, our_name: str) -> None:
        self._settings = settings
        self._host = host
        self._our_name = our_name
        self._smtp: smtplib.SMTP | None = None

    def send(self, mail: OutgoingMail) -> None:
        """Hand the mail over. Raises one of the errors of `gateway.notify.outcome`."""
        smtp = self._connection()
        try:
            self._envelope(smtp, mail)
            self._data(smtp, mail.content)
        except (TemporaryFailure, FinalFailure):
            raise
        except OSError as error:
            self._drop()
            raise TemporaryFailure(reason(f"the connection to the relay was lost: {error}")) from error
        except BaseException:
            # Whatever this was, the dialogue is at a place that we do not know.
            self._drop()
            raise

    def close(self) -> None:
        """Say goodbye, if there is anybody to say it to."""
        if self._smtp is not None:
            with suppress(OSError):
                self._smtp.quit()
        self._drop()

    def _connection(self) -> smtplib.SMTP:
        """The connection of the mail before, if it still answers, or a new one."""
        if self._smtp is not None:
            with suppress(OSError):
                if self._smtp.rset()[0] == 250:
                    return self._smtp
            self._drop()
        try:
            self._smtp = _Dialler(self._settings, self._host, self._our_name).dial()
        except OSError as error:
            raise RelayTrouble(reason(f"no connection to the relay: {_sentence(error)}")) from error
        return self._smtp

    def _envelope(self, smtp: smtplib.SMTP, mail: OutgoingMail) -> None:
        options: list[str] = []
        if mail.needs_smtputf8:
            if not (smtp.has_extn("smtputf8") and smtp.has_extn("8bitmime")):
                raise FinalFailure("the address is not ASCII, and the relay does not offer SMTPUTF8")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        self._expect(250, *smtp.mail(mail.sender, options))
        self._expect(250, *smtp.rcpt(mail.recipient), final=RecipientRefused)

    def _data(self, smtp: smtplib.SMTP, content: bytes) -> None:
        self._expect(354, *smtp.docmd("DATA"), final=RecipientRefused)
        # An error while we write means that the last dot did not leave the house.
        smtp.send(_LINE_START_DOT.sub(b"..", content) + b".\r\n")
        try:
            code, reply = smtp.getreply()
        except OSError as error:
            raise UnknownResult("the connection to the relay was lost after the end of the mail") from error
        self._expect(250, code, reply, final=RecipientRefused)

    def _expect(self, wanted: int, code: int, reply: bytes, *, final: type[FinalFailure] = FinalFailure) -> None:
        """Raise what any other reply than the wanted one means; `final` is what a 5xx means here."""
        # 251 and 252 also take a recipient (RFC 5321 section 4.2.3).
        if code == wanted or (wanted == 250 and code in {251, 252}):
            return
        said = reason(f"{code} {reply.decode('utf-8', 'replace')}")
        if code == 421:
            self._drop()
        if code in _LOGIN_WANTED:
            raise RelayTrouble(f"the relay wants a login or TLS: {said}")
        if 500 <= code <= 599:
            raise final(said)
        if not 400 <= code <= 499:
            # Out of step with the relay: it must not take our next command for part of this mail.
            self._drop()
        raise TemporaryFailure(said)

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None


class _Dialler:
    """Connects, secures and logs in, or raises an OSError with nothing sent but EHLO."""

    def __init__(self, settings: RelaySettings, host: str, our_name: str) -> None:
        self._settings = settings
        self._host = host
        self._our_name = our_name

    def dial(self) -> smtplib.SMTP:
        """A connection that is ready for MAIL."""
        smtp = self._connect()
        try:
            smtp.ehlo_or_helo_if_needed()
            if self._settings.security == "starttls":
                self._start_tls(smtp)
            self._log_in(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _connect(self) -> smtplib.SMTP:
        host, port, timeout = self._host, self._settings.port, self._settings.timeout
        if self._settings.security == "tls":
            return smtplib.SMTP_SSL(host, port, self._our_name, timeout=timeout, context=self._tls())
        return smtplib.SMTP(host, port, self._our_name, timeout=timeout)

    def _start_tls(self, smtp: smtplib.SMTP) -> None:
        if not smtp.has_extn("starttls"):
            raise RelayTrouble("the relay offers no STARTTLS, and without TLS nothing is sent")
        smtp.starttls(context=self._tls())
        smtp.ehlo()

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        username, password = self._settings.username, self._settings.password
        if username is None or password is None:
            return
        if self._settings.security == "plain":
            raise RelayTrouble("a login is configured, and without TLS it is not sent")
        smtp.login(username, password.get_secret_value())

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._settings.ca_file)


def _sentence(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"it refused our login ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return f"{error.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate could not be verified ({error.verify_message})"
    return error.strerror or str(error) or type(error).__name__
