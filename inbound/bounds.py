"""How much of a mail is looked at. Every bound that is reached leaves a note on the entry (`gateway.mail.parsed`).

They are far above what people send and far below what hurts: with them the worst mail of 25 MB that we know how to
write costs two seconds. They are constants, because `read_file` must count parts as `parse_message` did.
"""

MAX_HEADER_BYTES = 256 * 1024  # of the mail's own header block
MAX_PART_HEADER_BYTES = 16 * 1024  # of the header block of one part
MAX_FIELD_BYTES = 64 * 1024  # of one header field
MAX_ADDRESSES = 500  # in one kind of header field
MAX_DEPTH = 50  # multiparts within each other
MAX_PARTS = 1000
MAX_FILES = 500
MAX_DASH_LINES = 500_000  # lines that begin with two dashes: each might be a boundary
MAX_TEXT = 500_000  # characters kept on the timeline; the raw mail holds the rest
MAX_OPENED_BYTES = 32 * 1024 * 1024  # of a winmail.dat or a signed envelope, once decoded
MAX_CALENDAR_BYTES = 256 * 1024
