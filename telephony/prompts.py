"""Every sentence that a caller hears or is sent, French beside English. Nothing of a ticket is in any of them."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from babel.dates import format_date, get_day_names

from gateway.domain.calendar import Calendar, DayHours
from gateway.domain.ticket import Language

_TEXTS: dict[str, tuple[str, str]] = {
    "greeting": ("Bonjour, vous êtes en relation avec le support.", "Welcome to the support line."),
    "other-language": ("Pour le français, tapez 1.", "For English, press 2."),
    "only-blocking": (
        "Cette ligne est réservée aux incidents bloquants déjà signalés sur la plateforme.",
        "This line is only for blocking incidents that are already reported on the platform.",
    ),
    "ask-code": (
        "Tapez le code d'appel à huit chiffres de votre ticket, puis la touche dièse. "
        "Il figure sur la page du ticket et dans nos messages. Sans code, tapez 0 puis dièse.",
        "Enter the eight digit call code of your ticket, then press the hash key. "
        "You find it on the ticket's page and in our mails. Without a code, press 0, then hash.",
    ),
    "bad-code": (
        "Ce code n'est pas complet ou contient une erreur.",
        "This code is incomplete or has a mistake in it.",
    ),
    "read-back": ("Vous avez tapé : {digits}.", "You entered: {digits}."),
    "confirm": (
        "Si c'est correct, tapez 1. Pour recommencer, tapez 2.",
        "If this is right, press 1. To enter it again, press 2.",
    ),
    "refused": (
        "Nous ne pouvons pas vous mettre en relation par ce moyen. Signalez votre incident ou suivez votre demande à "
        "toute heure sur {platform}, ou écrivez à {address}.",
        "We cannot put you through this way. Report your incident or follow your request at any time on {platform}, "
        "or write to {address}.",
    ),
    "message-offer": ("Pour laisser un message, tapez 1.", "To leave a message, press 1."),
    "text-offer": (
        "Pour recevoir l'adresse de la plateforme par SMS, tapez 2.",
        "To get the platform's address by text message, press 2.",
    ),
    "text-coming": ("Vous allez recevoir un SMS.", "You will get a text message."),
    "text": (
        "Support {project} : signalez votre incident ou suivez votre demande sur {platform} "
        "ou par courriel à {address}",
        "Support {project}: report your incident or follow your request on {platform} or by mail to {address}",
    ),
    "ringing": ("Merci. Nous cherchons un agent, restez en ligne.", "Thank you. We are finding an agent, please hold."),
    "closed": (
        "Le support par téléphone est ouvert {hours}. Il rouvre {opening}. À toute heure, signalez votre incident sur "
        "{platform}, ou écrivez à {address}.",
        "Support by telephone is open {hours}. It opens again {opening}. At any time, report your incident on "
        "{platform}, or write to {address}.",
    ),
    "closed-menu": (
        "Si vous avez le code d'un incident bloquant déjà signalé, tapez 1.",
        "If you have the code of a blocking incident that is already reported, press 1.",
    ),
    "nobody": ("Aucun agent n'est disponible pour l'instant.", "No agent is free at the moment."),
    "cut-off": ("La communication semble avoir été coupée.", "It seems that you were cut off."),
    "throttled": ("Nous ne pouvons pas traiter votre appel directement.", "We cannot take your call directly."),
    "notice": (
        "Vous pouvez laisser un message de {longest} au plus après le bip. Il est enregistré pour traiter votre "
        "demande, conservé {days} jours au plus après la clôture de celle-ci, et vous pouvez en demander l'accès ou "
        "l'effacement à {address}.",
        "You may leave a message of at most {longest} after the tone. It is recorded to deal with your request and "
        "kept for at most {days} days after that is closed, and you may ask {address} for a copy or for its erasure.",
    ),
    "no-message": ("Pour raccrocher sans message, tapez 9.", "To hang up without a message, press 9."),
    "callback": ("Nous vous rappellerons.", "We will call you back."),
    "thanks": ("Merci. Au revoir.", "Thank you. Goodbye."),
    "apology": (
        "Un problème technique nous empêche de traiter votre appel. Veuillez nous en excuser.",
        "A technical problem keeps us from taking your call. We apologise.",
    ),
    "whisper": (
        "Hotline, ticket {ticket}. {trust} Pour prendre l'appel, tapez 1.",
        "Hotline, ticket {ticket}. {trust} Press 1 to take it.",
    ),
    "whisper-any": ("Hotline, appel sans ticket. Pour prendre l'appel, tapez 1.", "Hotline, no ticket. Press 1."),
    "verified": ("Code vérifié.", "Code checked."),
    "not-verified": ("Code non vérifié.", "Code not checked."),
}
_DAYS = 7


def prompt(name: str, lang: Language, **values: str) -> str:
    """The sentence of this name."""
    french, english = _TEXTS[name]
    return (english if lang is Language.EN else french).format(**values)


def digits(text: str) -> str:
    """Digits and letters so that each is spoken by itself."""
    return ", ".join(char for char in text if char.isalnum())


def address(text: str, lang: Language) -> str:
    """A mail or web address as it is spoken."""
    at, dot, dash = (" at ", " dot ", " dash ") if lang is Language.EN else (" arobase ", " point ", " tiret ")
    bare = text.removeprefix("https://").removeprefix("http://").rstrip("/")
    return bare.replace("@", at).replace(".", dot).replace("-", dash)


def length(seconds: int, lang: Language) -> str:
    """A span of time: whole minutes where they are."""
    if seconds % 60:
        return f"{seconds} {'seconds' if lang is Language.EN else 'secondes'}"
    minutes = seconds // 60
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


def moment(at: datetime, lang: Language) -> str:
    """The day and the time of a moment, in its own zone: `le lundi 4 mai à 9 heures`."""
    locale = "en_GB" if lang is Language.EN else "fr_FR"
    day = format_date(at, "EEEE d MMMM", locale=locale)
    if at.day == 1 and lang is Language.FR:
        day = day.replace(" 1 ", " 1er ", 1)
    time = clock(at.hour * 60 + at.minute, lang)
    return f"on {day} at {time}" if lang is Language.EN else f"le {day} à {time}"


def clock(minute: int, lang: Language) -> str:
    """A time of day: `17 heures 30`, `17:30`."""
    hours, rest = divmod(minute, 60)
    if lang is Language.EN:
        return f"{hours}:{rest:02d}"
    return f"{hours} heure{'s' if hours > 1 else ''}" + (f" {rest:02d}" if rest else "")


def week(calendar: Calendar, lang: Language) -> str:
    """The hours of the week: `du lundi au vendredi de 9 heures à 17 heures 30, hors jours fériés`."""
    spoken = ", ".join(_stretches(calendar.week, lang))
    holidays = {Language.EN: ", except on public holidays", Language.FR: ", hors jours fériés"}
    return spoken + (holidays[lang] if calendar.region != "none" else "")


def _stretches(days: tuple[DayHours, ...], lang: Language) -> Iterator[str]:
    english = lang is Language.EN
    names = get_day_names("wide", locale="en_GB" if english else "fr_FR")
    for hours, group in groupby(range(_DAYS), key=lambda day: days[day]):
        found = list(group)
        if not hours:
            continue
        first, last = names[found[0]], names[found[-1]]
        if len(found) == 1:
            when = f"on {first}" if english else f"le {first}"
        else:
            when = f"{first} to {last}" if english else f"du {first} au {last}"
        spans = [_span(start, end, lang) for start, end in hours]
        yield f"{when} {(' and ' if english else ' et ').join(spans)}"


def _span(start: int, end: int, lang: Language) -> str:
    begins, ends = clock(start, lang), clock(end, lang)
    return f"from {begins} to {ends}" if lang is Language.EN else f"de {begins} à {ends}"
