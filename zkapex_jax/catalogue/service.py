"""Talking to a provider's service."""

from zkapex_jax.catalogue.entry import Entry, Group

CLIENT = Group(
    "The client and the service",
    "Between `zkapex client` and the provider's service. All of it also works with files (`--out`, `zkapex client receive`).",
    (
        Entry(
            "no_connection",
            "The service does not answer.",
            "Check the network and the URL, then run the command again: it goes on where it stopped. Or carry the files, with --out.",
        ),
        Entry(
            "bad_url",
            "It is no URL of a service.",
            "Give one such as https://unlearn.example.org; plain http is taken for this machine alone.",
        ),
        Entry(
            "tls",
            "The service's certificate is not trusted, or it speaks no TLS.",
            "Check the clock and the URL. A provider with an authority of its own hands out its certificate: `zkapex client join --ca-file FILE`.",
        ),
        Entry(
            "bad_certificate",
            "A file that should hold an authority's certificates holds none.",
            "Ask the provider for the certificate (PEM) of the authority that signed its service's.",
        ),
        Entry(
            "bad_answer",
            "The service's answer is not understood, or contradicts itself.",
            "Check that the URL is that of a zkapex service of this version; if it is, tell the provider.",
        ),
        Entry(
            "service_failed",
            "Something failed on the service's side.",
            "Wait a little and run the command again; if it stays so, tell the provider what the sentence says.",
        ),
        Entry(
            "not_joined",
            "The home knows of no provider, or of no service.",
            "Run `zkapex client join` first, name another --home, or work with files: --out, and `zkapex client receive`.",
        ),
        Entry(
            "joined_elsewhere",
            "The home has joined already, as another client or at another service.",
            "Use another --home for each client.",
        ),
        Entry(
            "not_enrolled",
            "The home holds no enrolment that the provider has admitted.",
            "Run `zkapex client enrol`; with files, hand over what it writes and take the state with `zkapex client receive`.",
        ),
        Entry(
            "pending",
            "The provider has what was sent, and has not judged it yet.",
            "Run the same command again later: it asks for the verdict and sends nothing twice.",
        ),
        Entry(
            "other_receipt",
            "The receipt is for no answer or enrolment that was made here.",
            "Ask the provider for the receipt of this client's own; delete nothing on the word of this one.",
        ),
    ),
)

SERVICE = Group(
    "Refused by the service",
    "The provider's service answered, and said no. Nothing was lost: what it has of an upload it keeps.",
    (
        Entry("unsigned_call", "A call that must be signed is not.", "Use `zkapex client`, which signs every call with the client's key."),
        Entry("bad_call", "A call's signature names no nonce or digest that can be read.", "Use `zkapex client` of the service's version."),
        Entry(
            "bad_call_signature",
            "The signature of a call is wrong: another key signed it, or it was changed on its way.",
            "Use the home that joined; if a proxy stands between, give the URL that the service is told of (`zkapex serve --authority`).",
        ),
        Entry(
            "stale_call", "The signature of a call is too old or from the future.", "Set this machine's clock, then run the command again."
        ),
        Entry(
            "replayed_call",
            "A signed call was made a second time.",
            "Run the command again: every attempt is signed anew. If it stays so, somebody repeats your calls; tell the provider.",
        ),
        Entry(
            "unknown_key",
            "The key of the call belongs to no client of this provider.",
            "Run `zkapex client join` with an invitation, or use the home that joined.",
        ),
        Entry(
            "revoked_key",
            "The provider has revoked this key: no call that it signs is taken any more, and it never joins again.",
            "Ask the provider for a new invitation and run `zkapex client join` in the same home: it makes a new key, and all else stays.",
        ),
        Entry(
            "rotated_key",
            "The key was replaced by another one of the same client.",
            "Use the home that replaced it. If you did not, somebody else has your key: ask the provider to revoke it (`zkapex revoke`).",
        ),
        Entry(
            "same_key",
            "A key was to be replaced by itself.",
            "Run `zkapex client rotate`, which makes a new one.",
        ),
        Entry(
            "bad_possession",
            "A new key has not signed that it takes the place of the old one, for this client, at this service.",
            "Run `zkapex client rotate` again; behind a proxy, give the URL that the service is told of (`zkapex serve --authority`).",
        ),
        Entry(
            "cancelled",
            "A first enrolment was not judged, because the key that had handed it in was revoked before.",
            "Join again with a new key, then send it again.",
        ),
        Entry(
            "other_key", "Joining was signed by another key than it names.", "Run `zkapex client join`: it signs with the key that joins."
        ),
        Entry("key_taken", "The key is or was a client's: no key serves twice.", "Use another --home for each client."),
        Entry(
            "already_joined",
            "The client has joined already, with another key.",
            "Use the home that joined. If its key is lost or stolen, ask the provider to revoke it (`zkapex revoke`) and to invite you again.",
        ),
        Entry(
            "bad_invitation",
            "The invitation is unknown, spent, expired or another client's.",
            "Check client id and text; else ask the provider for another (`zkapex invite`).",
        ),
        Entry("other_client", "What was sent belongs to another client.", "Send from the home that made it."),
        Entry(
            "not_found",
            "The service has nothing of this name for this client.",
            "Check the name; a base or a request may not be published yet.",
        ),
        Entry("bad_method", "The address has no such method.", "Use `zkapex client`, or see /docs of the service."),
        Entry(
            "bad_content_type",
            "A piece of an upload came under another type than tus asks for.",
            "Use `zkapex client`, or send it as application/offset+octet-stream.",
        ),
        Entry("bad_encoding", "A body was sent compressed, and bodies are taken as they are.", "Send it as it is."),
        Entry(
            "wrong_authority",
            "The call names another host than the service goes by.",
            "Give the URL that the provider told you; a provider behind a proxy names it with `zkapex serve --authority`.",
        ),
        Entry(
            "wrong_body",
            "A body is not the one that was signed.",
            "Run the command again; if it stays so, something between changes what is sent.",
        ),
        Entry(
            "wrong_digest",
            "A whole file is not the one that was declared; its upload begins anew.",
            "Run the command again, and leave the file alone while it is sent.",
        ),
        Entry("wrong_size", "The same file was declared with another size before.", "Run the command again with the file as it is."),
        Entry(
            "wrong_offset",
            "A piece does not begin where the last one ended.",
            "Ask for the offset and go on from there, as `zkapex client` does.",
        ),
        Entry("upload_busy", "Another call is writing to the same upload.", "Wait for it to end, then run the command again."),
        Entry("upload_unfinished", "An upload was named that is not whole yet.", "Send the rest of it first: run the command again."),
        Entry(
            "too_slow",
            "A body stood still or took too long.",
            "Run the command again: it goes on where it stopped. Or carry the files, with --out.",
        ),
        Entry(
            "too_many_calls",
            "More calls came than are allowed in the time.",
            "Wait as long as the sentence says, then run the command again.",
        ),
        Entry("over_limit", "More uploads or jobs wait than one client may have.", "Wait for the verdicts, then run the command again."),
    ),
)

PROVIDER = Group(
    "Running a service and a ledger",
    "For the provider: `zkapex serve`, databases, and audits of the ledger.",
    (
        Entry("address", "The service cannot listen at this address.", "Choose another --port, or stop what listens there."),
        Entry("bad_limits", "The file of limits is no JSON of the kind that is asked for.", "Correct the field that the sentence names."),
        Entry(
            "bad_database",
            "It is no URL of a database that a ledger can lie in.",
            "Give one such as postgresql+psycopg://user@host/name, or none for the SQLite file in the folder.",
        ),
        Entry("database", "The database does not answer.", "Start it, or check the URL and the user's rights; what was queued is kept."),
        Entry("missing_extra", "The libraries of the service are not installed.", "Install `zkapex[service]`."),
        Entry("missing_part", "The driver of the database is not installed.", "Install `zkapex[service]`."),
        Entry("old_version", "The ledger was written by an earlier version.", "Make a copy of it, then run `zkapex ledger upgrade`."),
        Entry(
            "unknown_event", "The ledger's chain holds no event of this number.", "Check that it is the ledger that the statement is about."
        ),
        Entry(
            "unknown_verdict",
            "The ledger holds no verdict on such an answer.",
            "Verify the bundle first; `zkapex ledger show` lists what there is.",
        ),
        Entry(
            "unknown_admission",
            "The ledger holds no such enrolment.",
            "Admit it first; `zkapex ledger show` lists what there is.",
        ),
        Entry(
            "not_refused",
            "A refusal is not signed, because the ledger does not refuse the file (any more).",
            "Send the file again, or verify it: what comes of that counts.",
        ),
        Entry(
            "still_needed",
            "A file was to be removed that the ledger rests on; it was not.",
            "Nothing is to be done. If `zkapex tidy` says so again, run `zkapex audit ledger`.",
        ),
        Entry(
            "artefact_differs",
            "A kept file says otherwise than the ledger's row about it.",
            "Restore the file from a backup; the ledger's chain tells which is right.",
        ),
        Entry(
            "receipt_differs",
            "A signed receipt says otherwise than the ledger.",
            "One of them was changed: compare the ledger's head with one that was published before.",
        ),
        Entry(
            "head_not_on_chain",
            "A head that was published is not on the ledger's chain: history was rewritten or cut.",
            "Restore the ledger from a backup that holds it; until then no verdict of this ledger counts.",
        ),
    ),
)
