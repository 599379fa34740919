"""The words by which mail programs announce a quote, in the languages that they speak. Data only.

Each list is in the order French, English, German, Spanish, Italian, Portuguese, Dutch, Polish, then the others.
All are compared in lower case.
"""

# "... a écrit :". A stem counts with its endings ("napisał(a)", "написала").
WROTE = (
    *("a écrit", "a ecrit", "écrit", "écrivait", "wrote", "writes", "schrieb", "geschrieben", "schreibt"),
    *("escribió", "escribio", "ha escrito", "ha scritto", "scrive", "escreveu", "schreef", "geschreven"),
    *("napisał(a)", "napisał/a", "napisał", "napisała", "pisze", "skrev", "skreiv", "kirjoitti", "napsal(a)"),
    *("napsal/a", "napsal", "napsala", "napísal(a)", "napísal", "napísala", "a scris", "yazdı", "şunu yazdı"),
    *("írta", "έγραψε", "написал(а)", "написал", "написала", "пишет", "пише", "написав(ла)", "написав"),
    *("написала(в)", "написа", "va escriure", "ha escrit", "escribiu", "idatzi du", "je napisao/la"),
    *("je napisao", "je napisala", "je napisal", "написао је", "rašė", "parašė", "rakstīja", "kirjutas"),
    *("skrifaði", "menulis", "đã viết", "viết", "เขียนว่า", "כתב/ה", "כתב", "כתבה", "כתב(ה)", "كتب", "写道"),
    *("寫道", "写了", "書きました", "のメッセージ", "작성", "썼습니다", "님이 작성"),
)

# The first word of a line that announces a quote, before its date.
OPENERS = (
    *("le", "on", "at", "in a message dated", "am", "el", "a las", "il", "il giorno", "em", "no dia", "a"),
    *("op", "dnia", "w dniu", "den", "d.", "dne", "dňa", "în", "la", "pe", "στις", "vào", "pada", "在", "于"),
    *("เมื่อ", "בתאריך", "ב", "في", "dana", "на"),
)

# Days of the week, whole or as they are cut short: a date may begin with them.
WEEKDAYS = (
    *("lun", "mar", "mer", "jeu", "ven", "sam", "dim", "mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    *("mo", "di", "mi", "do", "fr", "sa", "so", "dom", "mié", "mie", "jue", "vie", "sáb", "sab"),
    *("gio", "seg", "ter", "qua", "qui", "sex", "ma", "wo", "vr", "za", "zo", "pon", "wt", "śr", "czw", "pt", "sob"),
    *("niedz", "man", "tir", "ons", "tor", "fre", "lør", "lör", "søn", "sön", "ti", "ke", "to", "pe", "la", "su"),
    *("po", "út", "st", "čt", "pá", "ne", "mie", "joi", "sâm", "pzt", "sal", "çar", "per", "cum", "cmt", "paz"),
    *("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
    *("пн", "вт", "ср", "чт", "пт", "сб", "вс", "нд"),
    *("hétfő", "kedd", "szerda", "csütörtök", "péntek", "szombat", "vasárnap"),
)

# The fields of the header that a mail program copies above a quote.
FROM = (
    *("de", "expéditeur", "from", "von", "da", "van", "od", "från", "fra", "lähettäjä", "gönderen", "kimden"),
    *("de la", "expeditor", "от", "від", "отправитель", "від кого", "от кого", "从", "发件人", "寄件者", "寄件人"),
    *("差出人", "送信者", "보낸 사람", "보낸사람", "feladó", "από", "מאת", "من", "từ", "người gửi", "dari", "mittente"),
    *(
        "remitente",
        "remetente",
        "afzender",
        "absender",
        "odesílatel",
        "nadawca",
        "saatja",
        "šalje",
        "pošiljatelj",
        "nuo",
    ),
)
SENT = (
    *("envoyé", "envoyé le", "date", "date d'envoi", "le", "sent", "gesendet", "datum", "enviado", "enviado el"),
    *("enviada", "enviada em", "enviado em", "enviat", "fecha", "inviato", "data", "verzonden", "wysłano", "wysłane"),
    *("skickat", "sendt", "dato", "lähetetty", "päiväys", "päivämäärä", "odesláno", "odoslané", "dátum", "trimis"),
    *("gönderildi", "gönderilme tarihi", "tarih", "отправлено", "дата", "надіслано", "送信日時", "日時", "日付"),
    *(
        "发送时间",
        "发送日期",
        "日期",
        "傳送時間",
        "寄件日期",
        "날짜",
        "보낸 날짜",
        "elküldve",
        "ημερομηνία",
        "στάλθηκε",
    ),
    *(
        "נשלח",
        "תאריך",
        "تاريخ",
        "تم الإرسال",
        "đã gửi",
        "ngày",
        "gửi",
        "tanggal",
        "dikirim",
        "poslano",
        "date et heure",
    ),
)
TO = (
    *(
        "à",
        "a",
        "pour",
        "destinataire",
        "to",
        "an",
        "para",
        "aan",
        "do",
        "till",
        "til",
        "vastaanottaja",
        "kime",
        "alıcı",
    ),
    *("către", "catre", "pro", "komu", "кому", "收件人", "收件者", "至", "宛先", "받는 사람", "받는사람", "címzett"),
    *("προς", "אל", "إلى", "đến", "tới", "kepada", "per", "prima", "za", "kam", "empfänger"),
)
SUBJECT = (
    *("objet", "sujet", "subject", "betreff", "asunto", "oggetto", "assunto", "onderwerp", "temat", "ämne", "emne"),
    *("aihe", "předmět", "predmet", "subiect", "konu", "тема", "主题", "主旨", "主題", "件名", "題名", "제목", "tárgy"),
    *("θέμα", "נושא", "الموضوع", "chủ đề", "tiêu đề", "subjek", "perihal", "assumpte", "tema", "efni"),
)
COPY = (
    *(
        "cc",
        "cci",
        "copie",
        "copie à",
        "bcc",
        "kopie",
        "kopia",
        "kopi",
        "kopio",
        "copia",
        "cópia",
        "con copia",
        "dw",
        "udw",
    ),
    *("bilgi", "копия", "копія", "抄送", "副本", "参考", "참조", "másolat", "κοιν", "עותק", "kopija", "tembusan"),
)
OTHER_FIELDS = (
    *("reply-to", "répondre à", "répondre a", "antwort an", "antwoord aan", "responder a", "rispondi a", "risposta"),
    *(
        "responder para",
        "odpowiedz do",
        "svara till",
        "svar til",
        "importance",
        "priorité",
        "wichtigkeit",
        "importancia",
    ),
    *("importanza", "urgentie", "prioritet", "attachments", "pièces jointes", "anlagen", "on behalf of", "pj"),
    *("newsgroups", "organization", "reply to", "responder a", "list-id", "mailing-list"),
)
# A pasted header is no quote: no mail program copies these.
TRACE_FIELDS = (
    *("received", "message-id", "return-path", "delivered-to", "dkim-signature", "mime-version", "content-type"),
    *("authentication-results", "x-mailer", "content-transfer-encoding", "user-agent", "in-reply-to", "references"),
)
