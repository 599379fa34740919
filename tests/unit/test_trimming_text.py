"""What a person wrote in plain text is kept; what a mail program added around it is not."""

import pytest

from gateway.mail.marker import MARKER
from inbound.trimming import Kind, trim

ANSWER = "Bonjour,\n\nLe portail est revenu."


NNBSP, NBSP = "\u202f", "\u00a0"


FIELDS = "Envoyé : lundi 23 novembre 2026 10:12\nÀ : Dupont Marie\nObjet : Panne du portail"


# One announcement each; with quoted lines below, all of it goes.
ANNOUNCEMENTS = {
    "fr gmail": "Le lun. 23 nov. 2026 à 10:12, Support <support@demo.example> a écrit :",
    "fr gmail wrapped": "Le lun. 23 nov. 2026 à 10:12, Support de Demo <\nsupport@demo.example> a écrit :",
    "fr gmail wrapped at the address": "Le lun. 23 nov. 2026 à 10:12, Support <support@demo.example\n> a écrit :",
    "fr in three lines": "Le 4 janv. 2026 19:03, « Neil »\n<support@demo.example>\na écrit :",
    "fr wrapped date": "Le lundi 23 novembre\n2026 à 10:12, Support <support@demo.example> a écrit :",
    "fr thunderbird": "Le 23/11/2026 à 10:12, Support a écrit :",
    "fr no-break": f"Le{NBSP}23/11/2026 à{NBSP}10:12, Support a écrit{NBSP}:",
    "fr narrow no-break": f"Le 23/11/2026 à 10:12, Support a écrit{NNBSP}:",
    "fr without accent": "Le 23/11/2026 a 10:12, Support a ecrit :",
    "fr roundcube": "Le 2026-11-16 02:22, Support Demo a écrit :",
    "fr name only": "Support Demo a écrit :",
    "fr verb first": "Support <support@demo.example> a écrit le lun. 23 nov. 2026 à 10:12 :",
    "en gmail": "On Mon, Nov 23, 2026 at 10:12 AM Support <support@demo.example> wrote:",
    "en apple": "On 23 Nov 2026, at 10:12, Support <support@demo.example> wrote:",
    "en zoho": "---- On Tue, 22 Dec 2026 14:17:36 +0530 Support<support@demo.example> wrote ----",
    "de": "Am 23.11.2026 um 10:12 schrieb Support <support@demo.example>:",
    "de wrapped in the address": 'Am 21.04.2026 17:48 schrieb "Support" <support@demo.example\n>:',
    "de thunderbird": "Am 23.11.2026 um 10:12 schrieb Support Demo:",
    "de gmail": "Support <support@demo.example> schrieb am Mo., 23.\nNov. 2026 um 10:12 Uhr:",
    "es": "El lun, 23 nov 2026 a las 10:12, Support (<support@demo.example>) escribió:",
    "it": "Il giorno lun 23 nov 2026 alle ore 10:12 Support <support@demo.example> ha scritto:",
    "pt": "Em seg., 23 de nov. de 2026 às 10:12, Support <support@demo.example> escreveu:",
    "nl": "Op ma 23 nov 2026 om 10:12 schreef Support <support@demo.example>:",
    "nl wrapped": "Op 23 nov. 2026 10:12 schreef Support <support@demo.example> het\nvolgende geschreven:",
    "pl": "pon., 23 lis 2026 o 10:12 Support <support@demo.example> napisał(a):",
    "sv": "Den mån 23 nov. 2026 kl 10:12 skrev Support <support@demo.example>:",
    "da": "Den man. 23. nov. 2026 kl. 10.12 skrev Support <support@demo.example>:",
    "no": "man. 23. nov. 2026 kl. 10:12 skrev Support <support@demo.example>:",
    "fi": "ma 23. marrask. 2026 klo 10.12 Support (support@demo.example) kirjoitti:",
    "cs": "po 23. 11. 2026 v 10:12 odesílatel Support <support@demo.example> napsal:",
    "ro": "În lun., 23 nov. 2026 la 10:12, Support <support@demo.example> a scris:",
    "hu": "Support <support@demo.example> ezt írta (időpont: 2026. nov. 23., H, 10:12):",
    "tr": "Support <support@demo.example>, 23 Kas 2026 Pzt, 10:12 tarihinde şunu yazdı:",
    "el": "Στις Δευ 23 Νοε 2026 στις 10:12 π.μ., ο χρήστης Support <support@demo.example> έγραψε:",
    "ru": "пн, 23 нояб. 2026 г. в 10:12, Support <support@demo.example>:",
    "ru written": "23.11.2026 10:12, Support пишет:",
    "uk": "пн, 23 лист. 2026 р. о 10:12 Support <support@demo.example> пише:",
    "zh": "Support <support@demo.example> 于2026年11月23日周一 10:12写道：",
    "ja": "2026年11月23日(月) 10:12 Support <support@demo.example>:",
    "ko": "2026년 11월 23일 (월) 오전 10:12, Support <support@demo.example>님이 작성:",
    "vi": "Vào Th 2, 23 thg 11, 2026 vào lúc 10:12 Support <support@demo.example> đã viết:",
    "he": "\u202bבתאריך יום ב׳, 23 בנוב׳ 2026 ב-10:12 מאת Support\u200f <support@demo.example>:\u202c",
    "yandex": '23.11.2026, 10:12, "Support" <support@demo.example>:',
    "old gmail": "2026-11-23 10:12 GMT+01:00 Support <support@demo.example>:",
}


# The four fields of a header as Outlook copies it.
HEADERS = {
    "fr": ("De ", "Envoyé ", "À ", "Objet "),
    "en": ("From", "Sent", "To", "Subject"),
    "de": ("Von", "Gesendet", "An", "Betreff"),
    "es": ("De", "Enviado el", "Para", "Asunto"),
    "it": ("Da", "Inviato", "A", "Oggetto"),
    "pt": ("De", "Enviada em", "Para", "Assunto"),
    "nl": ("Van", "Verzonden", "Aan", "Onderwerp"),
    "pl": ("Od", "Wysłano", "Do", "Temat"),
    "sv": ("Från", "Skickat", "Till", "Ämne"),
    "da": ("Fra", "Sendt", "Til", "Emne"),
    "fi": ("Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"),
    "cs": ("Od", "Odesláno", "Komu", "Předmět"),
    "ro": ("De la", "Trimis", "Către", "Subiect"),
    "hu": ("Feladó", "Elküldve", "Címzett", "Tárgy"),
    "tr": ("Kimden", "Gönderildi", "Kime", "Konu"),
    "el": ("Από", "Στάλθηκε", "Προς", "Θέμα"),
    "ru": ("От", "Отправлено", "Кому", "Тема"),
    "uk": ("Від", "Надіслано", "Кому", "Тема"),
    "zh": ("发件人", "发送时间", "收件人", "主题"),
    "zh hant": ("寄件者", "寄件日期", "收件者", "主旨"),
    "ja": ("差出人", "送信日時", "宛先", "件名"),
    "ko": ("보낸 사람", "보낸 날짜", "받는 사람", "제목"),
    "vi": ("Từ", "Đã gửi", "Đến", "Chủ đề"),
}


# Whole ends of mails that go, quoted or not.
QUOTES = {
    "outlook": f"________________________________\nDe : Support\n{FIELDS}\n\nBonjour, est-il revenu ?",
    "outlook without a line": f"De : Support <support@demo.example>\n{FIELDS}\n\nEst-il revenu ?",
    "outlook in bold": f"*De :* Support <support@demo.example>\n*{FIELDS.replace(' : ', ' :* ', 1)}\n\nEst-il revenu ?",
    "outlook with no-break": f"De{NBSP}: Support\n{FIELDS.replace(' :', NBSP + ':')}\n\nEst-il revenu ?",
    "outlook many recipients": "De : S <s@demo.example>\nEnvoyé : lundi 23 novembre 2026 10:12\nÀ : a@demo.example;\n"
    "b@demo.example; c@demo.example\nCc : d@demo.example\nObjet : Panne\n\nEst-il revenu ?",
    "message d'origine": f"-----Message d'origine-----\nDe : Support\n{FIELDS}\n\nEst-il revenu ?",
    "message d'origine curly": f"-----Message d’origine-----\nDe : Support\n{FIELDS}\n\nEst-il revenu ?",
    "message original, android": "-------- Message original --------\nDe : Support\nDate : 23/11/2026\n\nEst-il ?",
    "orange": "> Message du 23/11/26 10:12\n> De : support@demo.example\n> A : marie@demo.example\n"
    "> Objet : Panne\n>\n> Est-il revenu ?",
    "orange today": "> envoyé : 23 novembre 2026 à 10:12\n> de : Support <support@demo.example>\n"
    "> à : marie@demo.example\n> objet : Panne\n>\n> Est-il revenu ?",
    "apple": "> Le 23 nov. 2026 à 10:12, Support <support@demo.example> a écrit :\n> \n> Est-il revenu ?",
    "no announcement": "> Est-il revenu ?\n> Merci",
    "en": "-----Original Message-----\nFrom: Support\nSent: Monday, November 23, 2026 10:12 AM\n\nIs it?",
    "de": "-----Ursprüngliche Nachricht-----\nVon: Support <s@demo.example>\nGesendet: Montag\n\nIst es?",
    "sfr": "========================================\n\nMessage du : 23/11/2026 10:12\nDe : Support <s@demo.example>\n"
    "A : marie@demo.example\nCopie à : \nSujet : Panne\n\nEst-il revenu ?",
    "zimbra": "----- Mail original -----\nDe: Support <s@demo.example>\nÀ: m@demo.example\n"
    "Envoyé: Lundi 23 Novembre 2026 10:12:33\nObjet: Panne\n\nEst-il revenu ?",
    "yahoo": "    Le lundi 23 novembre 2026 à 10:12:44 UTC+1, Support <s@demo.example> a écrit : \n \n Est-il ?",
    "k-9": "Le 23 novembre 2026 10:12:44 GMT+01:00, Support <s@demo.example> a écrit :\n>Est-il revenu ?",
    "evolution": "Le lundi 23 novembre 2026 à 10:12 +0100, Support a écrit :\n> Est-il revenu ?",
    "em client": "------ Message d'origine ------\nDe : Support <s@demo.example>\nÀ : marie@demo.example\n"
    "Envoyé : 23/11/2026 10:12:44\nObjet : x\n\nEst-il revenu ?",
    "proton": "------- Message d'origine -------\nLe lundi 23 novembre 2026 à 10:12, S <s@demo.example> a écrit :\n\n"
    "> Est-il revenu ?",
    "es": "-----Mensaje original-----\nDe: Support\nEnviado: lunes\n\n¿Ha vuelto?",
    "it": "-----Messaggio originale-----\nDa: Support\n\nÈ tornato?",
    "pt": "-----Mensagem original-----\nDe: Support\n\nVoltou?",
    "marker": f"Le lun. 23 nov. 2026 à 10:12, Support a écrit :\n\n{MARKER['fr']}\n\nEst-il revenu ?",
    "marker alone": f"{MARKER['en']}\n\nIs it?",
    "marker under words in no language of ours": f"Ar 23/11/2026 10:12 Support a skrivas:\n{MARKER['fr']}\n\nEst-il ?",
}


SIGNATURES = {
    "rfc 3676": "-- \nMarie Dupont\nMairie de Demo\n01 23 45 67 89",
    "two dashes": "--\nMarie Dupont",
    **{
        text: text
        for text in (
            "Envoyé de mon iPhone",
            "Envoyé depuis mon smartphone Samsung Galaxy.",
            "Envoyé à partir d'Outlook pour Android",
            "Envoyé depuis mon mobile",
            "Télécharger Outlook pour iOS",
            "Obtenir Outlook pour iOS<https://aka.ms/o0ukef>",
            "Sent from my iPhone",
            "Sent from my cell, please excuse any typos.",
            "Get Outlook for Android <https://aka.ms/AAb9ysg>",
            "Von meinem iPhone gesendet",
            "Diese Nachricht wurde von meinem Android-Mobiltelefon mit K-9 Mail gesendet.",
            "Enviado desde mi iPhone",
            "Inviato da iPhone",
            "Enviado do meu iPhone",
            "Verstuurd vanaf mijn iPhone",
            "Wysłane z iPhone'a",
            "Skickat från min iPhone",
            "Sendt fra min iPad",
            "Lähetetty iPhonesta",
            "Odesláno z iPhonu",
            "Отправлено с iPhone",
            "從我的 iPhone 傳送",
            "iPhoneから送信",
        )
    },
    "disclaimer": "Ce message et ses pièces jointes sont confidentiels et destinés au seul destinataire.\n"
    "Si vous l'avez reçu par erreur, merci de le détruire et d'en avertir l'expéditeur.",
    "printing": "Avant d'imprimer ce message, pensez à l'environnement.",
    "list": f"{'_' * 47}\nusers mailing list\nhttps://lists.demo.example/users",
}


def quoted(text: str) -> str:
    return "".join(f"> {line}\n" for line in text.split("\n"))


@pytest.mark.parametrize("words", [pytest.param(text, id=name) for name, text in ANNOUNCEMENTS.items()])
def test_an_announced_quote_goes(words: str) -> None:
    text = f"{ANSWER}\n\n{words}\n\n{quoted('Est-il revenu ?')}"
    trimmed = trim(text)
    assert trimmed.visible == ANSWER
    assert trimmed.visible + trimmed.removed == text
    assert trimmed.rule.startswith("header line")


@pytest.mark.parametrize(
    "words", [pytest.param(text, id=name) for name, text in ANNOUNCEMENTS.items() if name != "fr name only"]
)
def test_an_announcement_with_an_address_or_a_date_and_time_needs_no_quoted_lines(words: str) -> None:
    assert trim(f"{ANSWER}\n\n{words}\n\nEst-il revenu ?\nMerci").visible == ANSWER


@pytest.mark.parametrize("quote", [pytest.param(text, id=name) for name, text in QUOTES.items()])
def test_a_quote_at_the_end_goes(quote: str) -> None:
    text = f"{ANSWER}\n\n{quote}"
    trimmed = trim(text)
    assert trimmed.visible == ANSWER
    assert trimmed.visible + trimmed.removed == text


@pytest.mark.parametrize("names", [pytest.param(names, id=lang) for lang, names in HEADERS.items()])
@pytest.mark.parametrize(
    "author", ["Support", "Support <support@demo.example>", "Support [mailto:support@demo.example]"]
)
def test_a_copied_header_begins_a_quote(names: tuple[str, str, str, str], author: str) -> None:
    values = (author, "23/11/2026 10:12", "Dupont Marie", "Panne du portail")
    header = "\n".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))
    assert trim(f"{ANSWER}\n{header}\n\nEst-il revenu ?").visible == ANSWER


@pytest.mark.parametrize("signature", [pytest.param(text, id=name) for name, text in SIGNATURES.items()])
def test_a_signature_at_the_end_goes_with_and_without_a_quote_below(signature: str) -> None:
    text = f"{ANSWER}\n\n{signature}"
    assert trim(text).visible == ANSWER
    with_quote = f"{text}\n\n{ANNOUNCEMENTS['fr gmail']}\n\n> Est-il revenu ?"
    assert trim(with_quote).visible == ANSWER
    kinds = [piece.kind for piece in trim(with_quote).pieces]
    assert (kinds[0], kinds[-1]) == (Kind.OWN, Kind.QUOTE)
    assert set(kinds[1:-1]) <= {Kind.SIGNATURE, Kind.DISCLAIMER}


def test_the_rules_are_named() -> None:
    trimmed = trim(f"{ANSWER}\n\n-- \nMarie\n\n{QUOTES['message d_origine'.replace('_', chr(39))]}")
    assert trimmed.rule == "signature --; separator line of the original message"


def test_no_rule_names_a_person() -> None:
    for words in ANNOUNCEMENTS.values():
        assert "support" not in trim(f"{ANSWER}\n\n{words}\n\n> Est-il revenu ?").rule.lower()
