"""Where people are in the database: every table, what of a person it holds, and what becomes of that.

This is the one inventory that the export, the erasure and the processing record go by. A table or a column that is
not in it fails a test, so that nobody adds a place in which a person stays behind.
"""

from collections.abc import Mapping

from gateway.services.data_care import (
    ERASED,
    Care,
    address,
    always,
    columns,
    counted,
    door_alone,
    either,
    ended,
    equals,
    files_of_shown_entries,
    heard,
    one_of,
    pseudonym,
    reference_alone,
    scrubbed,
    sent_by_them,
    settled,
    table_of,
    tried,
    visible_on_their_tickets,
    without_evidence,
)

INVENTORY: Mapping[str, Care] = {
    "people": Care(
        holds="adresse, nom, langue, numéro",
        theirs=equals("people", "id", "person_id"),
        instead={"email": address, "name": always(""), "lang": always(None), "phone": always(None)},
        kept=frozenset({"id", "created_at", "notices"}),
    ),
    "memberships": Care(
        holds="rôles dans les projets", theirs=equals("memberships", "person_id", "person_id"), is_deleted=True
    ),
    "tickets": Care(
        holds="demandes, leur objet",
        theirs=one_of("tickets", "id", "reported"),
        instead={"subject": pseudonym},
        kept=columns(
            """id ref project kind severity status level lang reporter_id assignee_id created_at updated_at
            closed_at merged_into_id follows_id due_at"""
        ),
    ),
    "entries": Care(
        holds="messages et notes, leur auteur",
        theirs=one_of("entries", "id", "authored"),
        shown=either(one_of("entries", "id", "authored"), visible_on_their_tickets),
        instead={
            "author": address,
            "text": always(""),
            "removed_text": always(""),
            "message_id": always(None),
            "in_reply_to": always(None),
            "reference_ids": always([]),
            "data": always({}),
        },
        kept=columns("id ticket_id at type direction channel author_id match visible raw_sha256 to_tell"),
    ),
    "attachments": Care(
        holds="noms des pièces jointes",
        theirs=one_of("attachments", "entry_id", "authored"),
        shown=files_of_shown_entries,
        is_deleted=True,
    ),
    "message_ids": Care(
        holds="identifiants de messages",
        theirs=lambda subject: (
            table_of("message_ids").c.entry_id.in_(sorted(subject.authored)) & ~table_of("message_ids").c.ours
        ),
        is_deleted=True,
    ),
    "participants": Care(
        holds="personnes en copie", theirs=equals("participants", "person_id", "person_id"), is_deleted=True
    ),
    "receipts": Care(
        holds="enveloppes et décisions du courrier reçu",
        theirs=sent_by_them,
        instead={
            "message_id": always(None),
            "trace": without_evidence,
            "envelope": door_alone,
            "verdict": settled,
        },
        kept=columns("""id spool_id lane project fingerprint sha256 reason ticket_id entry_id accepted_at filed_at"""),
    ),
    "deliveries": Care(
        holds="courrier envoyé, son destinataire",
        theirs=either(equals("deliveries", "person_id", "person_id"), equals("deliveries", "recipient", "email")),
        instead={
            "recipient": address,
            "in_reply_to": always(None),
            "reference_ids": always([]),
            "context": reference_alone,
            "state": ended,
            "last_error": always(None),
        },
        kept=columns(
            """id notice project ticket_id entry_id person_id lang message_id attempts next_attempt_at
            created_at sent_at"""
        ),
    ),
    "suppressions": Care(
        holds="adresses injoignables", theirs=equals("suppressions", "address", "email"), is_deleted=True
    ),
    "daily_counts": Care(holds="accusés de réception par jour", theirs=counted, is_deleted=True),
    "sign_in_links": Care(
        holds="liens de connexion", theirs=equals("sign_in_links", "person_id", "person_id"), is_deleted=True
    ),
    "drafts": Care(
        holds="brouillons de réponses et de signalements",
        theirs=equals("drafts", "person_id", "person_id"),
        is_deleted=True,
    ),
    "sessions": Care(
        holds="sessions",
        theirs=equals("sessions", "person_id", "person_id"),
        is_deleted=True,
        secret=frozenset({"token_sha256"}),
    ),
    "sign_in_factors": Care(
        holds="mot de passe et code d’application des agents, chiffrés ou hachés",
        theirs=equals("sign_in_factors", "person_id", "person_id"),
        is_deleted=True,
        secret=frozenset({"password_hash", "secret_sealed", "pending_sealed", "setup_sha256"}),
    ),
    "recovery_codes": Care(
        holds="codes de secours des agents, hachés",
        theirs=equals("recovery_codes", "person_id", "person_id"),
        is_deleted=True,
        secret=frozenset({"code_sha256"}),
    ),
    "sign_in_tries": Care(
        holds="essais de connexion manqués, une journée",
        theirs=tried,
        is_deleted=True,
        secret=frozenset({"key_sha256"}),
    ),
    "api_tokens": Care(
        holds="jetons de programmes",
        theirs=equals("api_tokens", "person_id", "person_id"),
        is_deleted=True,
        secret=frozenset({"token_sha256"}),
    ),
    "api_reports": Care(
        holds="empreintes des signalements envoyés par des programmes",
        theirs=equals("api_reports", "person_id", "person_id"),
        is_deleted=True,
    ),
    "audit": Care(
        holds="journal des actes de l’équipe : qui, quoi, quand",
        theirs=either(equals("audit", "actor_id", "person_id"), equals("audit", "person_id", "person_id")),
        instead={"subject": scrubbed("subject"), "detail": scrubbed("detail")},
        kept=columns("id at origin actor_id person_id project action"),
        secret=columns("subject detail"),
    ),
    "calls": Care(
        holds="appels, numéro de l'appelant",
        theirs=one_of("calls", "id", "calls"),
        instead={"caller": pseudonym, "caller_kind": always(ERASED), "triage_reason": always(None)},
        kept=columns(
            """id provider provider_id project ticket_id entry_id callback_id called lang started_at ended_at
            answered_at agent_id status outcome is_open trust waiting_seconds talk_seconds total_seconds
            source details triage stopped_gti"""
        ),
    ),
    "call_events": Care(
        holds="déroulement des appels",
        theirs=one_of("call_events", "call_id", "calls"),
        instead={"data": heard},
        kept=frozenset({"id", "call_id", "key", "kind", "at", "turn"}),
    ),
    "call_messages": Care(
        holds="messages vocaux",
        theirs=one_of("call_messages", "call_id", "calls"),
        instead={"state": always(ERASED), "error": always(None)},
        kept=columns(
            """id call_id recording_id seconds sha256 size type attempts next_attempt_at fetched_at deleted_at"""
        ),
    ),
    "call_texts": Care(
        holds="SMS demandés par l'appelant", theirs=one_of("call_texts", "call_id", "calls"), is_deleted=True
    ),
    "callback_requests": Care(
        holds="rappels demandés, numéro à rappeler",
        theirs=either(
            one_of("callback_requests", "number", "phones"), one_of("callback_requests", "ticket_id", "reported")
        ),
        instead={"number": always(None)},
        kept=columns(
            "id project ticket_id requested_at due_at state attempts agent_id closed_at warned_at warned_percent"
        ),
    ),
    "clock_calls": Care(
        holds="alertes aux agents", theirs=equals("clock_calls", "person_id", "person_id"), is_deleted=True
    ),
    "agent_news": Care(
        holds="nouvelles aux agents", theirs=equals("agent_news", "person_id", "person_id"), is_deleted=True
    ),
    "ticket_presences": Care(
        holds="agents devant une demande, dix minutes",
        theirs=equals("ticket_presences", "person_id", "person_id"),
        is_deleted=True,
    ),
    "duty_shifts": Care(
        holds="tours d'astreinte", theirs=equals("duty_shifts", "person_id", "person_id"), is_deleted=True
    ),
    "ticket_events": Care(
        holds="historique des demandes, son auteur",
        theirs=equals("ticket_events", "author", "email"),
        instead={"author": address},
        kept=frozenset({"id", "ticket_id", "at", "type", "by", "value", "reason", "details"}),
    ),
    **dict.fromkeys(
        columns(
            """project_counters stale_clocks clock_marks judged_tickets judged_clocks stale_judgements contract_versions
            hotline_codes mailbox_folders mailboxes leases machines set_aside machine_orders follow_ups alarms
            ticket_links advisories advisory_tickets calendar_overrides webhook_deliveries webhook_endpoints"""
        ),
        Care(),
    ),
    **dict.fromkeys(("mailbox_tokens", "erasures", "erasure_asks"), Care(is_sealed=True)),
}
