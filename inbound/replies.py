"""Every reply that our SMTP and LMTP listeners give, in one place (RFC 5321 section 4.2, codes of RFC 3463).

A sentence says what happened and, where there is something to be done, what. 4xx: our trouble or our limits,
try again; 5xx: will never work as asked. No reply carries the text of an exception.
"""

from gateway.ids import SpoolId

OK = "250 2.0.0 OK"
SENDER_OK = "250 2.1.0 Sender OK"
RECIPIENT_OK = "250 2.1.5 Recipient OK"
GO_AHEAD = "354 End the mail with a dot on a line of its own"
BYE = "221 2.0.0 Goodbye"
TLS_GO_AHEAD = "220 2.0.0 Ready to start TLS"
CANNOT_VERIFY = "252 2.5.0 Addresses are checked when a mail is sent: use RCPT TO"
HELP = "214 2.0.0 This server takes mail for its own support addresses only, see RFC 5321"

# The connection ends after these.
TOO_MANY_CONNECTIONS = "421 4.7.0 Too many connections at the moment, please try again later"
TOO_MANY_ERRORS = "421 4.7.0 Too many errors on this connection, goodbye"
TIMED_OUT = "421 4.4.2 Nothing complete arrived in time, closing the connection"
SHUTTING_DOWN = "421 4.3.2 This server is stopping for maintenance, please try again in a minute"

# Our trouble or our limits: worth another try.
TOO_MANY_MESSAGES = "451 4.7.1 Too many mails from your network address, please try again in a minute"
TOO_MANY_RECIPIENTS = "452 4.5.3 Too many recipients for one mail, please send the rest in another"
DISK_FULL = "452 4.3.1 There is no room for this mail at the moment, please try again later"
NOT_KEPT = "451 4.3.0 This mail could not be stored safely, please try again later"

# Will never work as asked.
LINE_TOO_LONG = "500 5.5.6 Command line too long"
UNKNOWN_COMMAND = "500 5.5.1 Command not recognised"
BAD_SYNTAX = "501 5.5.4 Syntax error in the parameters of this command"
NO_PARAMETERS = "501 5.5.4 This command takes no parameters"
NAME_NEEDED = "501 5.5.4 Give the name of your machine after the greeting"
NOT_OFFERED = "502 5.5.1 This command is not offered here"
GREETING_NEEDED = "503 5.5.1 Greet first"
MAIL_NEEDED = "503 5.5.1 Say MAIL FROM first"
RECIPIENT_NEEDED = "503 5.5.1 No recipient was accepted, say RCPT TO first"
NESTED_MAIL = "503 5.5.1 A mail is already under way, say RSET to begin another"
TLS_ALREADY = "503 5.5.1 This connection is already encrypted"
BAD_SENDER = "553 5.1.7 The sender's address is not in the form <name@domain>"
BAD_RECIPIENT = "553 5.1.3 The recipient's address is not in the form <name@domain>"
UNKNOWN_PARAMETERS = "555 5.5.4 A parameter of this command is not supported here"
TOO_LARGE = "552 5.3.4 This mail is larger than we accept, please send less or a link instead"


def greeting(hostname: str, protocol: str) -> str:
    """The first line of a connection."""
    return f"220 {hostname} {protocol} support gateway"


def helo(hostname: str) -> str:
    """The answer to HELO."""
    return f"250 {hostname}"


def capabilities(hostname: str, *, max_size: int, tls: bool) -> str:
    """The answer to EHLO and LHLO; `tls` says whether STARTTLS can be had now."""
    offers = [f"SIZE {max_size}", "8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES"]
    lines = [hostname, *offers, *(["STARTTLS"] if tls else []), "HELP"]
    return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])


def accepted(spool_id: SpoolId) -> str:
    """The mail would survive a power cut from here on."""
    return f"250 2.0.0 Accepted as {spool_id}"


def unknown_recipient(sentence: str) -> str:
    """Not an address of ours; the sentence says where to write instead."""
    return f"550 5.1.1 {sentence}"


def incident(number: str) -> str:
    """Something of ours broke; the log has the rest under this number."""
    return f"451 4.3.0 Something went wrong on our side, please try again later (incident {number})"
