"""The sentences by which mail systems say "not delivered", "not yet" and "here is your mail back".

Each entry is a piece of a regular expression that is looked for in a text on one line, in any letter case. Gaps are
bounded, so that no text takes more than linear time.
"""

import re


def _any(*pieces: str) -> re.Pattern[str]:
    return re.compile("|".join(pieces), re.IGNORECASE)


_TO_DELIVER_FR = r"(remis|distribu|d[ée]livr|achemin|transmis|envoy|livr)"

FAILED = _any(
    # English
    r"(could|can|would) ?n['o]t be (delivered|sent|reached)",
    r"couldn['’]t be delivered",
    r"cannot (be delivered|deliver|send)",
    r"could not deliver",
    r"\bnot delivered",
    r"did not reach",
    r"(unable|not able|n['’]t able) to (deliver|send|relay)",
    r"un-?deliver(able|ed)",
    r"non-?delivery",
    r"deliver(y|ing)? fail",
    r"delivery .{0,60}(fail|abort|problem)",
    r"failed (permanently|to deliver)",
    r"fail(ed|ure) .{0,20}(delivery|recipient|address)",
    r"failure notice",
    r"address(\(es\)|es)? failed",
    r"fatal error",
    r"permanent(ly)? .{0,20}(error|fail|reject)",
    r"return(ed|ing) (mail|message|to sender)",
    r"(was|been)( automatically)? (rejected|refused|bounced)",
    # French
    rf"n['’] ?(a|ont) (pas )?(pu )?([êe]tre|[ée]t[ée]) {_TO_DELIVER_FR}",
    rf"n['’] ?(a|ont) pas (pu|[ée]t[ée]) ([êe]tre )?{_TO_DELIVER_FR}",
    rf"(non|pas) {_TO_DELIVER_FR}",
    r"non[- ]remise?",
    r"[ée]chec (d[ée]finitif )?(de |lors de |d['’]).{0,20}(remise|distribution|livraison|envoi|acheminement)",
    r"impossible de (vous )?(remettre|d[ée]livrer|distribuer|livrer|transmettre|acheminer|envoyer)",
    r"(courriel|message|mail) (a [ée]t[ée] |est )?(refus[ée]|rejet[ée]|retourn[ée])",
    r"(adresse|destinataire|utilisateur) .{0,60}(inconnu|introuvable|n['’]existe pas|incorrect|invalide)",
    # German, Spanish, Italian, Portuguese, Dutch, Polish
    r"unzustellbar",
    r"nicht (erfolgreich )?zu(ge)?stell",
    r"konnte nicht .{0,40}zugestellt",
    r"no (se )?(ha |han )?(podido|pudo) .{0,20}entreg",
    r"no entregado",
    r"non (è|e['’]) stato .{0,20}(consegn|recapit|invia)",
    r"impossibile (consegnare|recapitare)",
    r"mancata consegna",
    r"não (pôde|foi|pode) .{0,20}entreg",
    r"niet .{0,20}(bezorgd|afgeleverd)",
    r"\bnie .{0,30}dostarcz",
)

DELAYED = _any(
    # English
    r"not (yet )?been delivered .{0,60}after",
    r"not yet been delivered",
    r"been (delayed|postponed|deferred)",
    r"message (is |was )?(still )?(delayed|queued)",
    r"delivery (is )?(delayed|incomplete)",
    r"delivery status notification \(delay\)",
    r"\bwill (continue|keep trying|be (re-?tried|tried again)|re-?try)",
    r"just a warning",
    r"warning: (could not send|message)",
    r"temporary problem",
    # French
    r"n['’] ?(a|ont) pas encore ",
    r"(remise|distribution|livraison|message) .{0,20}(retard|diff[ée]r)",
    r"(nouvelles?|autres?) tentatives?",
    r"(sera|seront) (retent|réessay|renouvel)",
    r"toujours en attente",
    # German, Spanish, Italian, Portuguese
    r"(wird|werden) weiter versucht",
    r"verzögert|zurückgestellt|noch nicht zugestellt",
    r"retrasad|demorad|aún no ",
    r"in ritardo|ritardat[oa]",
    r"não .{0,10}ainda",
)

GIVEN_UP = _any(
    r"giv(e|en|ing) up|gave up",
    r"not going to try",
    r"will not (be )?(re-?tr|try|attempt)",
    r"permanent|unrecoverable|no further",
    r"d[ée]finitif|d[ée]finitivement|abandon",
    r"endgültig|aufgegeben",
)

# The lines below which the returned mail begins: ruled off, or alone on their line, or announcing it.
COPY_BEGINS = re.compile(
    r"\s*[-=_*>#~]{2,}.{0,60}(original|returned (message|mail)|copy of|below (this|the next) line|message headers?|"
    r"header of |message d['’]origine|message initial|copie d|en-?t[êe]te|ursprüngliche nachricht)"
    r"|\s*(the )?(original|returned) message( (follows|headers?|details))?\s*[:.]?\s*$"
    r"|.{0,60}(message (headers?|text) follow|(a|une) cop(y|ie) (of|du|de) (the|your|votre)? ?.{0,20}message)"
    r"|\s*(message d['’]origine|message initial|en-?t[êe]tes? d[ue] .{0,20}message.{0,20}|ursprüngliche nachricht)"
    r"\s*:?\s*$",
    re.IGNORECASE,
)
