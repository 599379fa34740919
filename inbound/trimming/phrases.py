"""The phrases by which mail programs say "here begins another mail", in the languages that they speak. Data only.

French, English, German, Spanish, Italian, Portuguese, Dutch, Polish, then the others; all in lower case.
"""

# Between dashes: "-----Message d'origine-----".
ORIGINAL_MESSAGE = (
    *("message d'origine", "message original", "message initial", "message précédent", "courriel original"),
    *("mail original", "original message", "original e-mail", "original email", "original mail"),
    *("original appointment", "reply message", "reply above this line", "ursprüngliche nachricht"),
    *("urspruengliche nachricht", "originalnachricht", "original-nachricht", "original nachricht"),
    *("ursprünglicher termin", "mensaje original", "messaggio originale", "messaggio originario"),
    *("mensagem original", "oorspronkelijk bericht", "oorspronkelijke bericht", "origineel bericht"),
    *("wiadomość oryginalna", "oryginalna wiadomość", "wiadomość pierwotna", "treść oryginalnej wiadomości"),
    *("ursprungligt meddelande", "originalmeddelande", "oprindelig meddelelse", "original meddelelse"),
    *("opprinnelig melding", "alkuperäinen viesti", "původní zpráva", "původní e-mail", "pôvodná správa"),
    *("mesajul original", "mesaj original", "orijinal mesaj", "orijinal ileti", "özgün ileti"),
    *("eredeti üzenet", "αρχικό μήνυμα", "исходное сообщение", "оригинальное сообщение"),
    *("первоначальное сообщение", "початкове повідомлення", "вихідне повідомлення", "missatge original"),
    *("mensaxe orixinal", "izvorna poruka", "izvirno sporočilo", "originalna poruka", "оригинално съобщение"),
    *("הודעה מקורית", "الرسالة الأصلية", "pesan asli", "tin nhắn gốc", "thư gốc", "原始邮件", "原始郵件", "邮件原件"),
    *(
        "原始信件",
        "元のメッセージ",
        "オリジナル メッセージ",
        "オリジナルメッセージ",
        "원본 메시지",
        "원본 메일",
        "원본메일",
        "원래 메시지",
    ),
)
# Between dashes, or alone and with a colon: "Début du message transféré :".
FORWARDED_MESSAGE = (
    *("message transféré", "début du message transféré", "début du message réexpédié", "message réexpédié"),
    *("courriel transféré", "forwarded message", "begin forwarded message", "forwarded mail"),
    *("forwarded email", "forwarded by", "weitergeleitete nachricht", "anfang der weitergeleiteten nachricht"),
    *("anfang der weitergeleiteten e-mail", "weitergeleitete e-mail", "mensaje reenviado"),
    *("inicio del mensaje reenviado", "mensaje remitido", "messaggio inoltrato", "inizio messaggio inoltrato"),
    *("messaggio rigirato", "mensagem encaminhada", "mensagem reencaminhada", "início da mensagem encaminhada"),
    *("início da mensagem reencaminhada", "doorgestuurd bericht", "begin doorgestuurd bericht"),
    *("wiadomość przekazana", "przekazana wiadomość", "początek przekazywanej wiadomości"),
    *("treść przekazanej wiadomości", "vidarebefordrat meddelande", "vidarebefordrat brev"),
    *("videresendt meddelelse", "videresendt besked", "videresendt melding", "videresendt e-post"),
    *("välitetty viesti", "edelleenlähetetty viesti", "přeposlaná zpráva", "přeposlaný e-mail"),
    *("preposlaná správa", "mesaj redirecționat", "mesaj redirectionat", "iletilen mesaj", "iletilmiş mesaj"),
    *("yönlendirilen mesaj", "továbbított üzenet", "προωθημένο μήνυμα", "пересылаемое сообщение"),
    *("пересланное сообщение", "переслане повідомлення", "missatge reenviat", "proslijeđena poruka"),
    *("posredovano sporočilo", "препратено съобщение", "הודעה שהועברה", "رسالة معاد توجيهها", "pesan terusan"),
    *(
        "thư đã chuyển tiếp",
        "tin nhắn đã chuyển tiếp",
        "转发邮件",
        "轉寄郵件",
        "转发的邮件",
        "轉寄的郵件",
        "转发邮件信息",
        "已转发邮件",
    ),
    *("転送メッセージ", "転送されたメッセージ", "전달된 메시지", "전달된 메일"),
)
# "TR: Panne": the subject of a forward.
FORWARD_PREFIXES = (
    *("tr", "fw", "fwd", "wg", "rv", "rif", "i", "enc", "res", "doorst", "pd", "vb", "vs", "vl", "přep", "fs", "ilt"),
    *("továbbítás", "转发", "轉寄", "転送", "전달", "πρθ", "hv", "na", "пересл", "reenv"),
)
