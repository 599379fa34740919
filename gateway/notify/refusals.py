"""Why something may not be done, said in the reader's language.

The rules give their reasons in English (`domain.rights`, `domain.levels`, `domain.kinds`, `domain.change`,
`inbound.commands`); a test holds that each of them is here. The words of the contract (N2, blocking, resolved) stay as
they are, because that is how they are written in an order.
"""

import re

from gateway.domain.ticket import Language

# Of two that fit the first counts.
_FRENCH = {
    "it is before {level}, and was never before a level of theirs": (
        "elle est au niveau {level}, et n’a jamais été à l’un de vos niveaux"
    ),
    "it is before {level}, and only {whose} or a supervisor works on it": (
        "elle est au niveau {level} : seuls {whose} ou un superviseur y travaillent"
    ),
    "it is before {level}, and only {whose} or a supervisor sets its status": (
        "elle est au niveau {level} : seuls {whose} ou un superviseur changent son état"
    ),
    "there is no such ticket for this person": "cette personne n’a pas accès à cette demande",
    "only agents write internal notes": "seuls les agents écrivent des notes internes",
    "internal notes are for the agents of these levels": "les notes internes sont réservées aux agents de ces niveaux",
    "{kind} work carries no severity under this contract": (
        "ce contrat ne prévoit pas de gravité pour ce type de demande ({kind})"
    ),
    "before N3 are only software anomalies (corrective): hand it back first": (
        "le niveau N3 ne traite que des anomalies du logiciel (corrective) : rendez-la d’abord"
    ),
    "before N3 come only software anomalies (corrective), and this is {kind}": (
        "le niveau N3 ne traite que des anomalies du logiciel (corrective), et celle-ci est {kind}"
    ),
    "preventive work follows its own procedure: it begins with an advisory": (
        "la maintenance préventive suit sa propre procédure : elle commence par un avis de sécurité"
    ),
    "a ticket is not set to {status} by hand": "une demande ne se met pas à l’état {status} à la main",
    "it is merged into another ticket": "elle est fusionnée avec une autre demande",
    "it is at its end: reopen it first": "elle est terminée : rouvrez-la d’abord",
    "it is already before {level}": "elle est déjà au niveau {level}",
    "it is already {status}": "elle est déjà à l’état {status}",
    "it is {status}: reopen it first": "elle est à l’état {status} : rouvrez-la d’abord",
    "it is {status}": "elle est à l’état {status}",
    "whoever has it must be an agent of {level}": "la personne à qui elle est confiée doit être un agent de {level}",
    "from {level} it goes to {between} first, not to {wanted} at once": (
        "de {level} elle passe d’abord à {between}, pas directement à {wanted}"
    ),
    "only N2 may put anything before N3": "seul N2 peut saisir N3",
    "only {level} or a supervisor hands over what is before {whose}": (
        "seuls {level} ou un superviseur transmettent ce qui est au niveau {whose}"
    ),
    "handing back to {level} needs a reason": "rendre une demande à {level} demande un motif",
    "{field} is empty": "{field} est vide",
    "{field} must be one of {choices}": "{field} doit être l’une de ces valeurs : {choices}",
    "{field} must be a date like 2027-01-31": "{field} doit être une date comme 2027-01-31",
    "{kind} work has no {field}": "une demande de type {kind} n’a pas de champ {field}",
    "nothing would change": "rien ne changerait",
    "there is no command {command}": "la commande {command} n’existe pas",
    "{command} is not understood": "{command} n’est pas compris",
    "more than {count} commands": "plus de {count} commandes",
    "{address} is not a mail address": "{address} n’est pas une adresse de messagerie",
    "the project {project} has left the configuration": "le projet {project} n’est plus configuré",
}


def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.{1,200}?)", re.escape(sentence)), re.DOTALL)


_PATTERNS = [(_pattern(english), french) for english, french in _FRENCH.items()]


def say_refusal(reason: str, lang: Language) -> str:
    """The reason in this language; as it is where nobody has translated it."""
    if lang is Language.EN:
        return reason
    for pattern, french in _PATTERNS:
        if found := pattern.fullmatch(reason):
            return french.format(**found.groupdict())
    return reason
