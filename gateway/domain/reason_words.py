"""What each reason is in English and in French: one table for mails, the desk, the API and the shell
(`saying.py` reads it).

A sentence begins small and has no full stop, so that it can stand in a list or after a colon.
"""

from gateway.domain.alarm_reason_words import ALARM_WORDS
from gateway.domain.reasons import Reason
from gateway.domain.service_reason_words import SERVICE_WORDS

# Reason: (English, French)
WORDS: dict[Reason, tuple[str, str]] = {
    Reason.NO_TICKET_FOR_THEM: (
        "there is no such ticket for this person",
        "cette demande n’existe pas, ou elle ne vous est pas ouverte",
    ),
    Reason.NEVER_BEFORE_THEIRS: (
        "it is before {level}, and was never before a level of theirs",
        "elle est au niveau {level}, et n’a jamais été à l’un de vos niveaux",
    ),
    Reason.WORKED_ON_BY: (
        "it is before {level}, and only {level} or a supervisor works on it",
        "elle est au niveau {level} : seuls {level} ou un superviseur y travaillent",
    ),
    Reason.STATUS_SET_BY: (
        "it is before {level}, and only {level} or a supervisor sets its status",
        "elle est au niveau {level} : seuls {level} ou un superviseur changent son état",
    ),
    Reason.NOTES_BY_AGENTS: ("only agents write internal notes", "seuls les agents écrivent des notes internes"),
    Reason.NOTES_OF_LEVELS: (
        "internal notes are for the agents of these levels",
        "les notes internes sont réservées aux agents de ces niveaux",
    ),
    Reason.NO_SEVERITY: (
        "{kind} work carries no severity under this contract",
        "ce contrat ne prévoit pas de gravité pour ce type de demande ({kind})",
    ),
    Reason.N3_ONLY_ANOMALIES: (
        "before N3 are only software anomalies (corrective): hand it back first",
        "le niveau N3 ne traite que des anomalies du logiciel (corrective) : rendez-la d’abord",
    ),
    Reason.N3_NOT_THIS_KIND: (
        "before N3 come only software anomalies (corrective), and this is {kind}",
        "le niveau N3 ne traite que des anomalies du logiciel (corrective), et celle-ci est : {kind}",
    ),
    Reason.PREVENTIVE_BY_ADVISORY: (
        "preventive work follows its own procedure: it begins with an advisory",
        "la maintenance préventive suit sa propre procédure : elle commence par une alerte",
    ),
    Reason.PREVENTIVE_BY_STEPS: (
        "preventive work ends by the steps of its advisory",
        "la maintenance préventive se termine par les étapes de son alerte",
    ),
    Reason.NOT_BY_HAND: ("a ticket is not set to {status} by hand", "on ne la met pas à l’état {status} à la main"),
    Reason.IS_MERGED: ("it is merged into another ticket", "elle est fusionnée avec une autre demande"),
    Reason.AT_ITS_END: ("it is at its end: reopen it first", "elle est terminée : rouvrez-la d’abord"),
    Reason.REOPEN_FIRST: ("it is {status}: reopen it first", "elle est à l’état {status} : rouvrez-la d’abord"),
    Reason.IS_IN_STATUS: ("it is {status}", "elle est à l’état {status}"),
    Reason.ALREADY_IN_STATUS: ("it is already {status}", "elle est déjà à l’état {status}"),
    Reason.ASSIGNEE_OF_LEVEL: (
        "whoever has it must be an agent of {level}",
        "la personne à qui elle est confiée doit être un agent de {level}",
    ),
    Reason.ALREADY_AT_LEVEL: ("it is already before {level}", "elle est déjà au niveau {level}"),
    Reason.ONE_LEVEL_AT_A_TIME: (
        "from {level} it goes to {between} first, not to {wanted} at once",
        "de {level} elle passe d’abord à {between}, pas directement à {wanted}",
    ),
    Reason.ONLY_N2_TO_N3: ("only N2 may put anything before N3", "seul N2 peut saisir N3"),
    Reason.HANDED_BY: (
        "only {level} or a supervisor hands over what is before {level}",
        "seuls {level} ou un superviseur transmettent ce qui est au niveau {level}",
    ),
    Reason.HANDING_BACK_SAYS_WHY: ("handing back to {level} needs a reason", "la rendre à {level} demande un motif"),
    Reason.ENTERS_AT_N1: ("requests enter at N1", "les demandes arrivent au niveau N1"),
    Reason.ENTERS_AT_N1_BY_PHONE: (
        "by telephone N2 takes only incidents that are already on the platform",
        "par téléphone, N2 ne prend que les incidents déjà déclarés sur la plateforme",
    ),
    Reason.ENTERS_AT_N2_FROM_N1: ("a report by the N1 team is before N2", "ce que signale l’équipe N1 arrive à N2"),
    Reason.ENTERS_AT_N2_FROM_N2: ("a report by N2 is before N2", "ce que signale N2 arrive à N2"),
    Reason.ENTERS_AT_N3: (
        "a software anomaly that N2 reports is before N3",
        "une anomalie du logiciel signalée par N2 arrive au niveau N3",
    ),
    Reason.SENDER_REFUTED: ("the sender is not who the mail says", "l’expéditeur n’est pas celui que dit le message"),
    Reason.WANTED_BY_PHONE: (
        "{level} was asked for, but {level} takes no new item by telephone",
        "{level} était demandé, mais {level} ne prend rien de nouveau par téléphone",
    ),
    Reason.WANTED_UNPROVEN: (
        "{level} was asked for, but nothing proves that N2 wrote it",
        "{level} était demandé, mais rien ne prouve que N2 l’a écrit",
    ),
    Reason.WANTED_OTHER_WORK: (
        "{level} was asked for, but before N3 come only software anomalies (corrective)",
        "{level} était demandé, mais N3 ne traite que des anomalies du logiciel (corrective)",
    ),
    Reason.WANTED_BY_OTHERS: (
        "{level} was asked for, but only N2 may put anything before N3",
        "{level} était demandé, mais seul N2 peut saisir N3",
    ),
    Reason.WANTED_BY_NO_N1: (
        "{level} was asked for, but only the N1 team writes to {level} directly",
        "{level} était demandé, mais seule l’équipe N1 écrit directement à {level}",
    ),
    Reason.NOTHING_CHANGES: ("nothing would change", "rien ne changerait"),
    Reason.FIELD_EMPTY: ("{field} is empty", "{field} est vide"),
    Reason.FIELD_ONE_OF: ("{field} must be one of {choices}", "{field} doit être l’une de ces valeurs : {choices}"),
    Reason.FIELD_DATE: ("{field} must be a date like 2027-01-31", "{field} doit être une date comme 2027-01-31"),
    Reason.FIELD_UNKNOWN: ("{kind} work has no {field}", "une demande de type {kind} n’a pas de champ {field}"),
    Reason.FIELD_TOO_LONG: ("{field}: at most {count} characters", "pas plus de {count} caractères : {field}"),
    Reason.COMMAND_UNKNOWN: ("there is no command {command}", "la commande {command} n’existe pas"),
    Reason.COMMAND_NOT_UNDERSTOOD: ("{command} is not understood", "{command} n’est pas compris"),
    Reason.COMMANDS_TOO_MANY: ("more than {count} commands", "plus de {count} commandes"),
    Reason.NO_TICKET: ("there is no ticket {ref}", "la demande {ref} n’existe pas, ou elle ne vous est pas ouverte"),
    Reason.NO_ADDRESS: ("'{address}' is not a mail address", "« {address} » n’est pas une adresse électronique"),
    Reason.NO_PROJECT: ("there is no project {project}", "le projet {project} n’existe pas"),
    Reason.PROJECT_GONE: (
        "the project {project} has left the configuration",
        "le projet {project} n’est plus configuré",
    ),
    Reason.NO_PERSON: ("there is no person with this address", "personne n’est connu à cette adresse"),
    Reason.WORKS_NOT_FOR: ("{who} does not work for {project}", "{who} ne travaille pas pour {project}"),
    Reason.WORKS_NOT_FOR_CALL: (
        "{who} does not work for any project of this call",
        "{who} ne travaille pour aucun projet de cet appel",
    ),
    Reason.MERGED_ALREADY: ("it is merged already", "elle est déjà fusionnée"),
    Reason.OTHER_IN_STATUS: ("the other one is {status}", "l’autre est à l’état {status}"),
    Reason.OTHER_REOPEN_FIRST: (
        "the other one is {status}: reopen it first",
        "l’autre est à l’état {status} : rouvrez-la d’abord",
    ),
    Reason.PREVENTIVE_ALONE: (
        "preventive work follows its own procedure and is merged with nothing",
        "la maintenance préventive suit sa propre procédure et ne se fusionne avec rien",
    ),
    Reason.MERGED_BY: (
        "it is before {level}, and only {level} or a supervisor merges it",
        "elle est au niveau {level} : seuls {level} ou un superviseur la fusionnent",
    ),
    Reason.SPLIT_BY: (
        "it is before {level}, and only {level} or a supervisor splits it",
        "elle est au niveau {level} : seuls {level} ou un superviseur la séparent",
    ),
    Reason.LINKED_BY_AGENTS: ("only agents link tickets", "seuls les agents lient des demandes"),
    Reason.PEOPLE_SAID_BY: (
        "only its reporter and agents say who is on a ticket",
        "seuls son demandeur et les agents disent qui suit une demande",
    ),
    Reason.NO_SURVIVOR: (
        "{ref} is just being merged, or in a ring: it has no survivor",
        "{ref} est en cours de fusion, ou fusionnée en boucle : regardez-la à nouveau",
    ),
    Reason.MERGED_INTO_ITSELF: (
        "{ref} is where it would end: a ticket is not merged into itself",
        "{ref} est là où elle finirait : une demande n’est pas fusionnée avec elle-même",
    ),
    Reason.MERGED_OVER_PROJECTS: (
        "tickets of two projects are not merged: link them",
        "les demandes de deux projets ne se fusionnent pas : liez-les",
    ),
    Reason.NOT_MERGED_INTO: ("{ref} is not merged into {into}", "{ref} n’est pas fusionnée avec {into}"),
    Reason.LINKED_TO_ITSELF: ("a ticket is not linked to itself", "une demande n’est pas liée à elle-même"),
    Reason.NO_ENTRY: ("there is no entry {entry} on {ref}", "il n’y a pas d’élément {entry} dans {ref}"),
    Reason.ENTRY_STAYS: (
        "only messages and notes are split off, and entry {entry} is neither",
        "on ne sépare que des messages et des notes, et l’élément {entry} n’en est pas",
    ),
    Reason.NOTHING_LEFT: ("nothing would be left on it", "il n’y resterait rien : laissez au moins un message"),
    Reason.ENTRIES_NEEDED: ("choose at least one entry to split off", "choisissez au moins un message à séparer"),
    Reason.PEOPLE_TOO_MANY: (
        "at most {count} people can be on a ticket beside its reporter",
        "une demande est suivie par {count} personnes au plus, en plus de son demandeur",
    ),
    Reason.ADDED_AND_REMOVED: (
        "{address} cannot be both added and removed",
        "{address} ne peut pas être à la fois ajouté et retiré",
    ),
    Reason.REPORTER_STAYS: (
        "{address} is the reporter, and stays on the ticket",
        "{address} est le demandeur, et reste sur la demande",
    ),
    Reason.OWN_ADDRESS: ("{address} is our own address", "{address} est notre propre adresse"),
    Reason.NOT_ON_IT: ("only who is on {ref} leaves it", "seul qui suit {ref} peut la quitter"),
    **SERVICE_WORDS,
    **ALARM_WORDS,
}
