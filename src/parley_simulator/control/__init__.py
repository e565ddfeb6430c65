"""The simulator's own API under `/_sim/`: phones, knobs, journal. JSON both ways; a 400 is `{"error": sentence}`.

Phones (`handsets.py`)
    GET  /_sim/handsets                     numbers with last message and unread count, newest first
    POST /_sim/handsets/{number}            name, on_whatsapp, online, reads
    GET  /_sim/handsets/{number}/messages   the thread, oldest first
    POST /_sim/handsets/{number}/messages   write as the customer; the kinds are in `parley_simulator/inbound.py`
    POST /_sim/handsets/{number}/read       the person looks: unread is 0, delivered messages report READ
    GET  /_sim/optins                       numbers that opted in, by either API

Knobs (`knobs.py`)
    POST /_sim/clock       advance_seconds, speed, delays
    POST /_sim/faults      one fault, or {"chaos": "off" | "few", "faults": [...]}; GET lists, DELETE clears
    POST /_sim/settings    any of `parley_simulator/settings.py`; GET shows
    POST /_sim/templates   one or a list; GET lists
    POST /_sim/webhooks    url, triggers, secret: a webhook of the app in one word
    POST /_sim/legacy      callback_url, signing_key, digest
    POST /_sim/consents    number, list_type, listed
    POST /_sim/reset       a clean desk: books, settings and addresses as at the start; keys, clock and chaos stay
    GET  /_sim/state       clock, queues, settings, addresses

WhatsApp (`whatsapp.py`)
    POST /_sim/templates/{name}/{language}  decision = approve | reject | pause | unpause | disable | recategorise |
                                            quality
    POST /_sim/sender      quality_rating, daily_limit; GET shows
    POST /_sim/account     state

Journal (`journal.py`)
    GET  /_sim/journal          kind, our_id, number, name, after, limit; DELETE forgets
    GET  /_sim/journal/counts   by = our_id | number | message_id; at_least

Ledger (`journal.py`)
    GET  /_sim/ledger                                        counts of the whole run
    GET  /_sim/ledger/sends, …/callbacks, …/forged           pages; after, limit

Faults reach routes by these names: legacy.messages, legacy.optin, legacy.optout, legacy.capability,
legacy.blacklist, legacy.events, token, conversation.send, conversation.messages, conversation.optins,
conversation.optouts, conversation.apps, conversation.consents, conversation.webhooks, conversation.unknown,
provisioning.account, provisioning.senders, provisioning.templates, provisioning.sync, provisioning.webhooks,
provisioning.unknown; callbacks by callback.legacy, callback.conversation and callback.provisioning.
"""
