"""The provider's service over HTTP: clients join, enrol, answer requests and fetch receipts; workers verify. Extra `[service]`.

Every call but GET /v1/health and /v1/ledger/head is signed (`zkapex_jax.protocol.http_signing`). Types are in `messages`; an
answer of status 400 and above is `{"error": ZkapexError.to_dict()}`.

| call | body | answer |
| --- | --- | --- |
| POST /v1/clients | `Join`, signed with the key that it names | 201 `Me`; the same again 200 |
| GET /v1/me | | `Me` |
| POST /v1/key | `Rotate`, signed with the present key | `Rotated`; the same again the same |
| GET /v1/base | | file: the newest base model that was published |
| GET /v1/requests | | list of `RequestFacts` |
| GET /v1/requests/{id}, /v1/requests/{id}/file | | `RequestFacts`; the signed file |
| POST /v1/uploads | `NewUpload` | 201 `Upload`, Location; the same file again 200 |
| HEAD, GET /v1/uploads/{upload} | | tus headers; `Upload` |
| PATCH /v1/uploads/{upload} | a piece, at the header Upload-Offset | 204, the new Upload-Offset; 409 where the offset is another |
| POST /v1/enrolments, /v1/bundles | `NewEnrolment`, `NewBundle` | 202 `Job`; the same again is the same job |
| GET /v1/jobs/{job} | | `Job` |
| GET /v1/state | | file: the caller's current state; ETag is its digest |
| GET /v1/receipts, /v1/receipts/{digest} | | list of `ReceiptFacts`; the receipt |
| GET /v1/ledger/head | | the ledger's head, signed |
| GET /v1/health?strict= | | `Health`; where degraded and `strict`, with 503 |

The numbers for monitoring are at another address (`zkapex_jax.service.watching`).
"""
