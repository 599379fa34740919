"""The words of what stands at the end of a mail and is no person's: devices, disclaimers, footers. Data only.

French, English, German, Spanish, Italian, Portuguese, Dutch, Polish, then the others; all in lower case.
"""

# "Envoyé de mon iPhone": how such a line begins ...
SENT_FROM = (
    *(
        "envoyé depuis",
        "envoyé de mon",
        "envoyé de ma",
        "envoyé à partir",
        "envoyé via",
        "envoyé avec",
        "expédié depuis",
    ),
    *("sent from", "sent via", "sent with", "sent by", "sent using", "sent on", "from my", "composed on", "provenance"),
    *("gesendet von", "gesendet mit", "gesendet über", "von meinem", "von unterwegs", "diese nachricht wurde von"),
    *("diese nachricht wurde mit", "enviado desde", "enviado con", "enviado de", "enviado do", "enviado através"),
    *("enviado a partir", "enviado pelo", "enviado via", "inviato da", "inviato dal", "inviato con"),
    *("verzonden vanaf", "verzonden met", "verzonden via", "verstuurd vanaf", "verstuurd met"),
    *("wysłane z", "wysłano z", "skickat från", "skickat med", "skickat via", "sendt fra", "sendt med"),
    *("lähetetty", "odesláno z", "odoslané z", "trimis de pe", "trimis din", "gönderildi", "küldve", "elküldve"),
    *("отправлено с", "отправлено из", "надіслано з", "στάλθηκε από", "enviat des", "enviat amb", "poslano s"),
    *("poslano iz", "được gửi từ", "đã gửi từ", "gửi từ", "dikirim dari", "发自", "從我的", "从我的", "נשלח מ"),
    *("أرسلت من", "تم الإرسال من", "나의", "내"),
)
# ... or is, whole:
SENT_FROM_WHOLE = ("iphoneから送信", "ipadから送信", "androidから送信", "iphone から送信", "ipad から送信")
# ... and what it was sent from.
DEVICES = (
    *(
        "iphone",
        "iphonu",
        "ipad",
        "ipod",
        "android",
        "blackberry",
        "samsung",
        "galaxy",
        "huawei",
        "xiaomi",
        "redmi",
        "oneplus",
    ),
    *(
        "nokia",
        "htc",
        "sony xperia",
        "pixel",
        "motorola",
        "alcatel",
        "wiko",
        "fairphone",
        "oppo",
        "smartphone",
        "mobile",
    ),
    *("mobil", "móvil", "movil", "cellulaire", "téléphone", "telephone", "telefon", "teléfono", "phone", "handy"),
    *("tablette", "tablet", "outlook", "yahoo", "gmail", "proton", "mailbox", "airmail", "windows", "k-9", "k9 mail"),
    *(
        "tutanota",
        "tuta",
        "zimbra",
        "thunderbird",
        "spark",
        "canary",
        "bluemail",
        "aquamail",
        "fairemail",
        "superhuman",
    ),
    *("sparrow", "apple mail", "macbook", "gmx", "web.de", "aol", "hotmail", "mail.ru", "yandex", "mailspring"),
)
# "Télécharger Outlook pour Android": a verb, and the program.
GET_PROGRAM = (
    *("télécharger", "téléchargez", "obtenir", "obtenez", "get", "download", "hol dir", "holen sie sich", "laden sie"),
    *("obtener", "obtén", "descargar", "obter", "obtenha", "scarica", "ottieni", "download", "pobierz", "hämta", "få"),
    *("hanki", "получить", "скачать", "stáhnout", "获取", "下载", "取得"),
)
PROGRAMS = ("outlook", "yahoo mail", "proton mail", "protonmail", "bluemail", "aqua mail", "gmail", "spark", "tutanota")

# A paragraph of lawyers begins so ...
DISCLAIMER_OPENERS = (
    *("ce message", "ce courriel", "ce mail", "ce courrier", "cet e-mail", "cet email", "les informations contenues"),
    *(
        "l'information contenue",
        "le présent message",
        "le présent courriel",
        "avertissement",
        "avis de confidentialité",
    ),
    *("this message", "this email", "this e-mail", "this communication", "this transmission", "the information"),
    *("the contents of this", "confidentiality notice", "disclaimer", "notice:", "diese e-mail", "diese nachricht"),
    *(
        "der inhalt dieser",
        "este mensaje",
        "este correo",
        "este e-mail",
        "esta mensagem",
        "esta mensaje",
        "aviso legal",
    ),
    *("questo messaggio", "questa e-mail", "le informazioni contenute", "dit bericht", "deze e-mail", "deze email"),
    *("ta wiadomość", "niniejsza wiadomość", "informacja zawarta"),
)
# ... and speaks of this.
DISCLAIMER_WORDS = (
    *("confidentiel", "confidentialité", "destinataire", "pièces jointes", "par erreur", "intégrité", "divulgation"),
    *("confidential", "privileged", "intended recipient", "intended for", "in error", "unauthorized", "unauthorised"),
    *(
        "vertraulich",
        "empfänger",
        "irrtümlich",
        "unbefugt",
        "confidencial",
        "destinatario",
        "por error",
        "destinatário",
    ),
    *("por engano", "riservat", "destinatari", "per errore", "vertrouwelijk", "geadresseerde", "poufn", "adresat"),
    *("attachments", "disclos", "strictly prohibited", "strictement interdite"),
)
# Lines that programs add at the end, whatever stands around them.
FOOTER_LINES = (
    "avant d'imprimer",
    "pensez à l'environnement",
    "n'imprimez",
    "n'imprimer",
    "please consider the environment",
    "think before you print",
    "before printing",
    "garanti sans virus",
    "l'absence de virus dans ce courrier",
    "virus-free",
    "this email has been checked for viruses",
    "virenfrei",
    "libre de virus",
    "privo di virus",
    "livre de vírus",
    "virusvrij",
)
