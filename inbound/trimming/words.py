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
    *("skrifaði", "menulis", "đã viết", "viết", "เขียนว่า", "כתב/ה", "מאת", "כתב", "כתבה", "כתב(ה)", "كتب", "写道"),
    *("寫道", "写了", "書きました", "のメッセージ", "작성", "썼습니다", "님이 작성"),
)

# The first word of a line that announces a quote, before its date.
OPENERS = (
    *("le", "on", "at", "in a message dated", "am", "el", "a las", "il", "il giorno", "em", "no dia", "a"),
    *("op", "dnia", "w dniu", "den", "d.", "dne", "dňa", "în", "la", "pe", "στις", "vào", "pada", "在", "于"),
    *("เมื่อ", "בתאריך", "ב", "في", "dana", "на"),
)

# Days of the week, whole and as they are cut short: a date may begin with them.
WEEKDAYS = (
    *("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    *("lun", "mar", "mer", "jeu", "ven", "sam", "dim"),
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    *("mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun"),
    *("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonnabend", "sonntag"),
    *("mo", "di", "mi", "do", "fr", "sa", "so"),
    *("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo", "mié", "jue", "vie", "sáb", "dom"),
    *("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica", "gio", "sab"),
    *("segunda", "terça", "quarta", "quinta", "sexta", "segunda-feira", "terça-feira", "quarta-feira"),
    *("quinta-feira", "sexta-feira", "seg", "ter", "qua", "qui", "sex"),
    *("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag", "ma", "wo", "vr", "za", "zo"),
    *("poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota", "niedziela"),
    *("pon", "wt", "śr", "czw", "pt", "sob", "niedz"),
    *("måndag", "mandag", "tisdag", "tirsdag", "onsdag", "torsdag", "fredag", "lördag", "lørdag", "söndag", "søndag"),
    *("mån", "man", "tis", "tir", "ons", "tor", "tors", "fre", "lör", "lør", "sön", "søn"),
    *("maanantai", "tiistai", "keskiviikko", "torstai", "perjantai", "lauantai", "sunnuntai"),
    *("ti", "ke", "to", "pe", "la", "su", "maanantaina", "tiistaina", "torstaina", "perjantaina"),
    *("pondělí", "úterý", "středa", "čtvrtek", "pátek", "neděle", "po", "út", "st", "čt", "pá", "ne"),
    *("luni", "marți", "miercuri", "joi", "vineri", "sâmbătă", "duminică", "lu", "mie", "vi", "sâ"),
    *("pazartesi", "salı", "çarşamba", "perşembe", "cuma", "cumartesi", "pazar"),
    *("pzt", "sal", "çar", "per", "cum", "cmt", "paz"),
    *("hétfő", "kedd", "szerda", "csütörtök", "péntek", "szombat", "vasárnap"),
    *("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
    *("понеділок", "вівторок", "середа", "п'ятниця", "субота", "неділя"),
    *("пн", "вт", "ср", "чт", "пт", "сб", "вс", "нд"),
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
    *(
        "envoyé",
        "envoyé le",
        "message du",
        "date d'envoi",
        "sent",
        "gesendet",
        "enviado",
        "enviado el",
        "enviada",
        "enviada em",
    ),
    *("enviado em", "enviat", "inviato", "verzonden", "wysłano", "wysłane", "skickat", "sendt", "lähetetty"),
    *("odesláno", "odoslané", "trimis", "gönderildi", "gönderilme tarihi", "отправлено", "надіслано", "送信日時"),
    *("发送时间", "发送日期", "傳送時間", "寄件日期", "보낸 날짜", "elküldve", "στάλθηκε", "נשלח", "تم الإرسال"),
    *("đã gửi", "gửi", "dikirim", "poslano"),
)
# These stand in forms and tables too: they need an address beside them.
DATE = (
    *(
        "date",
        "le",
        "date et heure",
        "datum",
        "fecha",
        "data",
        "dato",
        "päiväys",
        "päivämäärä",
        "dátum",
        "tarih",
        "дата",
    ),
    *("日時", "日付", "日期", "날짜", "ημερομηνία", "תאריך", "تاريخ", "ngày", "tanggal"),
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
# "Il m'a écrit :" is told by a person, not by a program.
TOLD_BY = (
    *(
        "il",
        "elle",
        "on",
        "nous",
        "vous",
        "lui",
        "leur",
        "qui",
        "ils",
        "me",
        "j'ai",
        "he",
        "she",
        "i",
        "we",
        "they",
        "who",
    ),
    *(
        "ich",
        "er",
        "sie",
        "wir",
        "mir",
        "uns",
        "él",
        "ella",
        "nos",
        "le",
        "les",
        "que",
        "lui",
        "lei",
        "mi",
        "ci",
        "che",
    ),
    *("ele", "ela", "hij", "zij", "ik"),
)
