"""What stands in a decision trace, and the reasons of verdicts, in French: by rule, by outcome, by form of evidence.

English is as it is kept. What is not here (a header's value, an address, what a version before kept in one piece) is
shown as it is. A test holds that every step that the code notes is here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.saying import SEPARATORS, say_stored
from gateway.domain.ticket import Language

RULES = {
    "a person's word": "décision d’une personne",
    "acknowledgement": "accusé de réception",
    "agent": "agent",
    "authentication": "authentification",
    "failure report": "avis d’échec",
    "burst": "rafale",
    "cap address": "plafond pour cette adresse",
    "cap all": "plafond général",
    "cap domain": "plafond pour ce domaine",
    "control headers": "en-têtes de commande",
    "door": "porte",
    "duplicate": "doublon",
    "forward": "transfert",
    "joining": "effet sur la demande",
    "level": "niveau",
    "merged": "fusion",
    "Message-ID": "Message-ID",
    "Message-ID on a ticket": "Message-ID d’une demande",
    "orders": "ordres",
    "origin": "origine",
    "our Message-ID": "notre Message-ID",
    "outcome": "réponse du demandeur",
    "outcome link": "lien de réponse",
    "participants": "participants",
    "project": "projet",
    "reference in the subject": "référence dans l’objet",
    "reply text": "texte de la réponse",
    "sender": "expéditeur",
    "sender lists": "listes d’expéditeurs",
    "session": "session",
    "signed mark in the quote": "marque signée dans la citation",
    "signed reply address": "adresse de réponse signée",
    "virus scan": "antivirus",
}
OUTCOMES = {
    "allowed": "autorisé",
    "ambiguous": "ambigu",
    "append": "ajout",
    "auto-generated": "courriel automatique",
    "auto-reply": "réponse automatique",
    "below": "non atteint",
    "bounce": "retour",
    "bulk": "envoi en nombre",
    "clean": "sain",
    "delay": "avis de retard",
    "denied": "refusé",
    "discarded": "écarté",
    "done": "exécutés",
    "duplicate": "doublon",
    "fail": "échec",
    "feedback-report": "signalement d’abus",
    "filed": "classé",
    "follow up": "suite",
    "followed": "suivie",
    "hard": "définitif",
    "held": "retenu",
    "hidden": "cachée",
    "human": "une personne",
    "ignored": "ignoré",
    "infected": "infecté",
    "joins": "rejoint",
    "known already": "déjà connu",
    "limit reached": "limite atteinte",
    "list": "liste de diffusion",
    "match": "trouvé",
    "no": "non",
    "no match": "rien trouvé",
    "none": "aucun",
    "not believed": "sans preuve",
    "not followed": "non suivie",
    "not proved": "non prouvé",
    "not scanned": "non analysé",
    "one": "un seul",
    "neutral": "neutre",
    "out-of-office": "avis d’absence",
    "own-loop": "l’un de nos courriels, revenu",
    "pass": "réussie",
    "permerror": "mal formée",
    "policy": "écartée par une règle",
    "reached": "atteint",
    "read-receipt": "accusé de lecture",
    "refused": "refusés",
    "removed": "retirés",
    "reopen": "rouverture",
    "resume": "reprise",
    "said": "donnée",
    "seen before": "déjà vu",
    "sent": "envoyé",
    "several": "plusieurs",
    "soft": "provisoire",
    "softfail": "échec incertain",
    "taken apart": "démonté",
    "temperror": "indisponible",
    "trimmed": "raccourci",
    "unsolved": "non résolue",
    "whole": "entier",
    "works": "résolue",
    "yes": "oui",
}
EVIDENCE = {
    "a reply is not acknowledged": "une réponse ne donne pas d’accusé de réception",
    "a single From mailbox": "une seule adresse From",
    "an agent changes the state on purpose": "un agent change l’état exprès",
    "an agent's mail": "courriel d’un agent",
    "an automatic mail wakes no ticket": "un courriel automatique ne réveille pas de demande",
    "another mail carried the same one": "un autre courriel portait le même",
    "by recipient": "par le destinataire",
    "checks are switched off": "les vérifications sont désactivées",
    "filed": "classé",
    "forwarded by an agent": "transféré par un agent",
    "forwarded by an agent: the ticket is its author's": "transféré par un agent : la demande est celle de son auteur",
    "handed over by a server of ours, and not signed": "remis par l’un de nos serveurs, sans signature",
    "it tells of no mail that did not arrive": "il ne parle d’aucun courriel non arrivé",
    "it was in the folder of unwanted mail": "il était dans le dossier des indésirables",
    "its sender has begun too many tickets within a minute": "son expéditeur a ouvert trop de demandes en une minute",
    "its ticket was begun by a proved sender, and nothing proves this one": (
        "la demande a été ouverte par un expéditeur prouvé, et rien ne prouve celui-ci"
    ),
    "mail had come back from the address": "des courriels étaient revenus de cette adresse",
    "more than one From address": "plusieurs expéditeurs",
    "neither our return path nor our Message-ID to an address that it names": (
        "ni notre adresse de retour ni notre Message-ID pour une adresse nommée"
    ),
    "new ticket": "nouvelle demande",
    "no rule found a machine": "aucune règle n’a reconnu de machine",
    "no scanner is configured": "aucun antivirus n’est configuré",
    "no usable From address": "pas d’adresse d’expéditeur utilisable",
    "not one From mailbox of a domain": "pas une seule adresse From d’un domaine",
    "nothing proves that the sender is who they say": "rien ne prouve que l’expéditeur est bien celui-là",
    "nothing proves the sender, so the ticket is not reopened": (
        "rien ne prouve l’expéditeur : la demande n’est pas rouverte"
    ),
    "nothing was checked": "rien n’a été vérifié",
    "on both lists, and proved": "sur les deux listes, et prouvé",
    "one of many within a minute": "l’un de beaucoup en une minute",
    "one of many within a minute, and nothing proves that its sender is the same": (
        "l’un de beaucoup en une minute, et rien ne prouve que l’expéditeur est le même"
    ),
    "released by a person": "libéré par une personne",
    "reply": "réponse",
    "report": "signalement",
    "said before": "déjà dit",
    "said before, or the request has moved on": "déjà dit, ou la demande a avancé",
    "that ticket belongs to another project than the address written to": (
        "cette demande est d’un autre projet que l’adresse écrite"
    ),
    "the request has moved on: a reply": "la demande a avancé : une réponse",
    "the resolver does not answer": "le résolveur DNS ne répond pas",
    "the sender is an agent who must not see the ticket that survived": (
        "l’expéditeur est un agent qui ne doit pas voir la demande restante"
    ),
    "the sender is not on that ticket": "l’expéditeur n’est pas sur cette demande",
    "the sender is on the deny list": "l’expéditeur est sur la liste de refus",
    "the sender must not see that ticket": "l’expéditeur ne doit pas voir cette demande",
    "the ticket waited for its reporter": "la demande attendait son demandeur",
    "the tickets are merged in a ring": "les demandes sont fusionnées en boucle",
    "there is no such ticket any more": "cette demande n’existe plus",
    "unsolved": "non résolue",
    "works": "résolue",
    "written from one of our own addresses": "écrit depuis l’une de nos adresses",
    "written to an address that only failure reports come to": (
        "écrit à une adresse qui ne reçoit que des avis d’échec"
    ),
    # with values
    "closed more than {days} days ago": "close depuis plus de {days} jours",
    "delivery {delivery}: {proof}": "envoi {delivery} : {proof}",
    "DMARC failed, and the sender's domain asks to {policy} such mail": (
        "échec de DMARC, et le domaine de l’expéditeur demande pour de tels courriels : {policy}"
    ),
    "follows {ref}": "fait suite à {ref}",
    "of {spool_id}": "de {spool_id}",
    "reopened {number} times within an hour": "rouverte {number} fois en une heure",
    "sent by the form for a {what}": "envoyé par le formulaire : {what}",
    "the mail to that address arrived: {proof}": "le courriel à cette adresse est arrivé : {proof}",
    "the same form as {spool_id}": "le même formulaire que {spool_id}",
    "the same mail as {spool_id}": "le même courriel que {spool_id}",
    "came again by another way as {spool_id}": "revenu par une autre voie sous {spool_id}",
    "the ticket is {status}": "état de la demande : {status}",
    "the ticket was {status}": "état de la demande auparavant : {status}",
    "to {ref}": "vers {ref}",
    "{count} From mailboxes": "{count} adresses From",
    "{count} acknowledgements in all today": "{count} accusés de réception en tout aujourd’hui",
    "{count} acknowledgements to this address today": "{count} accusés de réception à cette adresse aujourd’hui",
    "{count} acknowledgements to this domain today": "{count} accusés de réception à ce domaine aujourd’hui",
    "{count} at most": "{count} au plus",
    "{count} characters": "{count} caractères",
    "{count} of {cap} today": "{count} sur {cap} aujourd’hui",
    "{count} tickets": "{count} demandes",
    "{level} was written to": "écrit à {level}",
    "{where}: {what}": "{where} : {what}",
}
_ENDS_WITH_A_NAME = {form.rpartition(" ")[0]: form for form in EVIDENCE if form.endswith((" {spool_id}", " {ref}"))}
"""Reasons of verdicts are kept as one text; these end with the name of something."""


@dataclass(frozen=True, kw_only=True)
class StepWords:
    """A step as its reader sees it. `is_said` is False for evidence that is shown as it was kept."""

    rule: str
    outcome: str
    evidence: str
    is_said: bool


def say_step(step: Mapping[str, Any], lang: Language) -> StepWords:
    """A stored step in this language; one of an earlier version as far as it is known."""
    rule, outcome, evidence = str(step["rule"]), str(step["outcome"]), str(step["evidence"])
    if lang is Language.EN:
        return StepWords(rule=rule, outcome=outcome, evidence=evidence, is_said=True)
    form, values = str(step.get("form", evidence)), step.get("values", {})
    whys = [say_stored(why, lang) for why in step.get("whys", ())]
    is_said = bool(whys) or form in EVIDENCE
    if whys:
        evidence = SEPARATORS[lang].join(whys)
    elif is_said:
        evidence = EVIDENCE[form].format_map({name: _word(value) for name, value in values.items()})
    return StepWords(
        rule=RULES.get(rule, rule), outcome=OUTCOMES.get(outcome, outcome), evidence=evidence, is_said=is_said
    )


def say_reason(reason: str, lang: Language) -> tuple[str, bool]:
    """The reason of a verdict in this language, and whether it is: one that is not known is given back as it is."""
    if lang is Language.EN:
        return reason, True
    if reason in EVIDENCE:
        return EVIDENCE[reason], True
    words, _, name = reason.rpartition(" ")
    if form := _ENDS_WITH_A_NAME.get(words):
        return EVIDENCE[form].format_map({"spool_id": name, "ref": name}), True
    # What a machine's mail is, and how that was seen: `auto-reply: Auto-Submitted: auto-replied`.
    origin, colon, seen = reason.partition(": ")
    if origin in OUTCOMES and colon:
        return f"{OUTCOMES[origin]} ({seen})", True
    return reason, False


def _word(value: str) -> str:
    return EVIDENCE.get(value) or OUTCOMES.get(value) or value
