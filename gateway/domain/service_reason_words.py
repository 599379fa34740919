"""The part of the table of reasons (`reason_words.py`) that services give: advisories, calls, mail, duty, people."""

from gateway.domain.reasons import Reason

SERVICE_WORDS: dict[Reason, tuple[str, str]] = {
    Reason.STEPS_BY_WORKERS: (
        "only N2 and supervisors take the steps of an advisory",
        "seuls N2 et les superviseurs franchissent les étapes d’une alerte",
    ),
    Reason.STEP_TAKEN: ("it was found or set {step} already, by {who}", "{who} a déjà franchi cette étape : {step}"),
    Reason.STEPS_OVER: ("its procedure is over: it was {step}", "sa procédure est terminée : {step}"),
    Reason.STEP_LATER: (
        "{step} comes later or not at all: next is {next}",
        "cette étape vient plus tard ou pas du tout ({step}) ; la suivante est : {next}",
    ),
    Reason.STEP_SAYS_WHAT: ("say what was found", "indiquez ce qui a été constaté"),
    Reason.ADVISORY_REFERENCE: ("the advisory needs a reference", "il faut une référence à l’alerte"),
    Reason.ADVISORY_TITLE: ("the advisory needs a title", "il faut un titre à l’alerte"),
    Reason.ADVISORY_TOUCHES: ("say what the advisory touches", "indiquez ce que l’alerte touche"),
    Reason.ADVISORY_PROJECTS: (
        "name the projects that the advisory concerns",
        "choisissez les projets que l’alerte concerne",
    ),
    Reason.ADVISORY_BY_WORKERS: (
        "only N2 and supervisors open an advisory, and this person is neither in {project}",
        "seuls N2 et les superviseurs ouvrent une alerte, ce que vous n’êtes pas pour {project}",
    ),
    Reason.ADVISORY_OPEN: (
        "{reference} is open already, under the title “{title}”",
        "{reference} est déjà ouverte, sous le titre « {title} »",
    ),
    Reason.ADVISORY_OPEN_OTHERWISE: (
        "{reference} is open already, under another title",
        "{reference} est déjà ouverte, sous un autre titre",
    ),
    Reason.ADVISORY_OPENING: (
        "{reference} is being opened by somebody else: try again",
        "quelqu’un d’autre ouvre {reference} en ce moment : réessayez",
    ),
    Reason.NO_ADVISORY: ("there is no advisory {reference}", "il n’y a pas d’alerte {reference}"),
    Reason.NO_ADVISORY_OF: ("{ref} is about no advisory", "{ref} ne concerne aucune alerte"),
    Reason.CALL_NOT_OVER: (
        "a call is written down once it is over, with the seconds that it lasted",
        "un appel se note une fois terminé, avec sa durée",
    ),
    Reason.CALL_MINUTES: ("a call lasts 1 to 600 minutes", "un appel dure de 1 à 600 minutes"),
    Reason.CALL_SAYS_WHY: ("a call is discarded with a reason", "un appel s’écarte avec un motif"),
    Reason.NO_CALL: ("there is no call {call}", "il n’y a pas d’appel {call}"),
    Reason.CALL_DECIDED: ("call {call} is {state}", "l’appel {call} est à l’état {state}"),
    Reason.CALL_NOT_WAITING: ("call {call} is not waiting for anybody", "l’appel {call} n’attend personne"),
    Reason.CALLBACK_STATES: ("a call back is {choices}", "un rappel est {choices}"),
    Reason.NO_CALLBACK: ("there is no call back {number}", "il n’y a pas de rappel {number}"),
    Reason.CALLBACK_CLOSED: ("call back {number} is {state} already", "le rappel {number} est déjà à l’état {state}"),
    Reason.MAIL_SAYS_WHY: ("a mail is discarded with a reason", "un courriel s’écarte avec un motif"),
    Reason.MAIL_DECIDED: ("somebody else has just decided about this mail", "quelqu’un a déjà décidé de ce courriel"),
    Reason.MAIL_WHOSE: (
        "this mail does not have one sender: say whose it is",
        "ce courriel n’a pas un seul expéditeur : dites de qui il est",
    ),
    Reason.ASKED_ALREADY: (
        "the machine {machine} was asked already to do something with it",
        "la machine {machine} a déjà reçu un ordre à ce sujet",
    ),
    Reason.NO_HELD_MAIL: ("no held mail {spool_id}", "il n’y a pas de courriel retenu {spool_id}"),
    Reason.NO_TURN: ("nobody can swap a turn that they do not have", "on n’échange que le tour que l’on a ce jour-là"),
    Reason.NOBODY_KNOWN: ("nobody is known by {who}", "personne n’est connu à l’adresse {who}"),
    Reason.NO_NUMBER: ("{who} has no number", "{who} n’a pas de numéro"),
    Reason.NOT_RINGABLE: (
        "somebody of them does not work for the project, or has no number",
        "l’une de ces personnes ne travaille pas pour le projet, ou n’a pas de numéro",
    ),
    Reason.SWAP_DATE: (
        "'{text}' is no date (2026-12-24): a turn is swapped for one day",
        "choisissez un jour, une date comme 2026-12-24, et non « {text} »",
    ),
    Reason.NO_DAY: (
        "'{text}' is no weekday and no date (2026-12-24)",
        "choisissez un jour de la semaine ou une date comme 2026-12-24, et non « {text} »",
    ),
    Reason.HOURS_NEEDED: (
        "say from when until when: 9:00-17:30",
        "les heures s’écrivent comme 9:00-17:30 : dites de quand à quand",
    ),
    Reason.HOURS_FORM: (
        "'{text}' is not in the form 9:00-17:30",
        "les heures s’écrivent comme 9:00-12:00, 14:00-17:30, et non « {text} »",
    ),
    Reason.HOURS_BACKWARDS: (
        "'{text}' does not end after it begins, within one day",
        "les heures finissent après avoir commencé, dans la même journée ({text})",
    ),
    Reason.HOURS_OVERLAP: (
        "'{text}' overlaps or is out of order",
        "les heures se suivent et ne se chevauchent pas ({text})",
    ),
    Reason.EMERGENCY_SAYS_WHY: (
        "say why: whoever looks at a due time reads it",
        "dites pourquoi : qui regarde une échéance le lit",
    ),
    Reason.EMERGENCY_OVER: ("it would be over already", "ce serait déjà terminé"),
    Reason.EMERGENCY_BACKWARDS: ("an emergency must end after it begins", "une urgence finit après avoir commencé"),
    Reason.EMERGENCY_BY_SUPERVISOR: (
        "only a supervisor opens or closes a calendar",
        "seul un superviseur ouvre ou ferme un calendrier",
    ),
    Reason.NO_EMERGENCY: (
        "there is no emergency {number} of {project} that could be ended",
        "il n’y a pas d’urgence {number} de {project} qui puisse être terminée",
    ),
    Reason.PERIOD_BACKWARDS: ("the period ends before it begins", "la période finit avant de commencer"),
    Reason.PERIOD_YEARS: ("the period lies outside the years 1970 to 9000", "la période sort des années 1970 à 9000"),
    Reason.PERIOD_DATE: ("a day is written like 2026-11-01", "un jour s’écrit comme 2026-11-01"),
    Reason.TOKEN_SCOPE: ("a token needs at least one scope", "un jeton a besoin d’au moins une portée"),
    Reason.TOKEN_DAYS: ("a token lives for 1 to {count} days", "un jeton vit de 1 à {count} jours"),
    Reason.NO_TOKEN: ("there is no token {number}, or it is revoked", "il n’y a pas de jeton {number}, ou révoqué"),
    Reason.PERSON_ELSEWHERE: (
        "they are in other projects too: only whoever supervises all of them changes this",
        "cette personne est aussi dans d’autres projets : seul qui les supervise tous peut changer cela",
    ),
    Reason.PERSON_CHANGED: (
        "somebody else changed this person meanwhile: look again",
        "quelqu’un d’autre a modifié cette personne entre-temps : regardez à nouveau",
    ),
    Reason.ROLE_ELSEWHERE: (
        "roles are given and taken by the supervisors of a project",
        "les rôles d’un projet sont donnés et retirés par ses superviseurs",
    ),
    Reason.ROLE_OF_ONESELF: (
        "nobody gives a role to themselves: another supervisor does",
        "personne ne se donne un rôle : un autre superviseur le fait",
    ),
    Reason.ROLE_CONFIGURED: (
        "they have this role in {project} by the configuration: it is changed there",
        "ce rôle dans {project} vient de la configuration : il se change là",
    ),
    Reason.ROLE_NOT_THEIRS: ("they have no such role in {project}", "cette personne n’a pas ce rôle dans {project}"),
    Reason.LAST_SUPERVISOR: (
        "they are the last supervisor of {project}: give the role to somebody else first",
        "c’est le dernier superviseur de {project} : donnez d’abord ce rôle à quelqu’un d’autre",
    ),
    Reason.FACTORS_SET_UP: (
        "a password and an app are set up already: take them back first",
        "un mot de passe et une application sont déjà en place : retirez-les d’abord",
    ),
    Reason.TOKEN_MEANWHILE: (
        "a token of theirs was made meanwhile: look whether another is needed",
        "un jeton vient d’être créé pour cette personne : regardez s’il en faut un autre",
    ),
    Reason.PHONE_FORM: (
        "{text} is not a number in international form (+33612345678)",
        "{text} n’est pas un numéro sous forme internationale (+33612345678)",
    ),
    Reason.CHANGED_MEANWHILE: (
        "somebody else changed the ticket meanwhile",
        "quelqu’un d’autre l’a modifié entre-temps",
    ),
    Reason.NOT_THERE: ("there is no such thing, or it is not yours", "cela n’existe pas, ou ne vous est pas ouvert"),
    Reason.REFUSED: ("it was refused", "cela a été refusé"),
}
