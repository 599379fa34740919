"""A stand-in for the provider: it places calls against our webhooks, with no account and no internet.

    script.py     what the caller and the agents do          effects.py   what a call asks of the world outside
    call.py       a call from ringing to its last callback   verbs.py, dial.py, record.py   what documents make it do
    session.py    carries the effects out                    transcript.py   what one reads afterwards

A call is a generator of effects in virtual time and touches nothing itself: tests drive it straight into a WSGI
application in no time, the command line over HTTP, the web phone key by key. `account.py` holds what the provider
would know afterwards, and `rest.py` serves it to the provider's own client.
"""
