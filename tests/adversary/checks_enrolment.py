"""What the verifier of an enrolment asks of base, enrolment, state and proof."""

from adversary_check import Room, check

ROOM, PROVIDER = Room("reference_prover.bundle_enrolment"), Room("reference_prover.artefacts_provider")
OPEN = "EnrolmentSession.open"

check("enrolment.tables", "the base names the verifier's tables for enrolment", ROOM.drop(OPEN, 'expect_digest(start.file, "enrol_tables_digest"'), reason="the statement names them, too: refused there (enrol.statement.match); here the error names the file")
check("enrolment.base_srs", "the base names the verifier's reference string", ROOM.drop(OPEN, 'expect_digest(start.file, "srs_digest"'), reason="the enrolment names the same (enrolment.made), and the statement takes it from there (enrol.statement.srs)")
check("enrolment.made", "base and enrolment name the same tables and reference string", ROOM.drop(OPEN, "expect_made("), cheats="enrol.files.enrolment.tables")
check("enrolment.cut", "base and enrolment select the same tensors and chunks", ROOM.drop(OPEN, "expect_cut("), cheats="enrol.files.enrolment.layout")
check("enrolment.model", "the enrolment starts from this base", ROOM.drop(OPEN, "expect_model("), cheats="enrol.files.enrolment.model")
check("enrolment.srs_insecure", "base and enrolment mark the reference string truly", ROOM.drop(OPEN, "expect_flag("), cheats="enrol.files.enrolment.srs_insecure")
check("enrolment.state_cut", "what is replaced has the same tensors and chunks", ROOM.drop("_check_replaced", "expect_cut("), cheats="enrol.files.renewal.layout")
check("enrolment.state_client", "what is replaced is the same client's", ROOM.drop("_check_replaced", "expect_client("), cheats="enrol.files.renewal.client")
check("enrolment.replaced", "what is replaced belongs to another enrolment", ROOM.drop("_check_replaced", "if state.enrolment"), cheats="enrol.files.renewal.of_itself")
NAMED = "enrol.files.proof.enrolment_digest enrol.files.proof.base_digest enrol.files.proof.enrol_tables_digest enrol.files.proof.srs_digest enrol.files.proof.state_digest"
check("enrolment.digests", "the proof names enrolment, base, state, tables and reference string", ROOM.drop("_check_proof", "for name, (found, wanted)"), cheats=NAMED)
check("enrolment.proof_client", "the proof is the enrolled client's", ROOM.drop("_check_proof", "expect_client("), cheats="enrol.files.proof.client_id")
check("enrolment.proof_insecure", "the proof says truly whether it is insecure", ROOM.drop("_check_proof", "expect_flag("), cheats="enrol.files.proof.insecure")
check("enrolment.chunks", "the proof holds exactly the chunks of the enrolment", ROOM.drop("_check_proof", "if proof.chunks"), cheats="enrol.files.chunk_too_many")
FREE = ROOM.swap("EnrolmentSession.free", "if self.state is None", "if True")
check("enrolment.free", "f_cum is the ledger's: rows and weights are zero where it is", FREE, cheats="enrol.renewal.unforgotten")
check("base.public", "Com(θ̂0) is that of the base's own weights", ROOM.drop("EnrolmentSession._base_free", "if not are_commitments"), reason="a base that its provider made wrongly harms the provider: Δ is measured against what was committed")
HIDING = ROOM.swap("EnrolmentSession.points", "hiding=True", "hiding=False")
check("enrolment.hiding", "no enrolled commitment is at infinity", HIDING, cheats="enrol.files.infinity")
check("base.signature", "the base is signed by the key that it names", PROVIDER.drop("Base.read", "require_signature("), cheats="enrol.files.base.distance")
check("base.weights", "the base holds the weights that it names", PROVIDER.drop("Base.read", "if hashlib.sha256"), cheats="enrol.files.base.weights")
check("base.distance", "one D0 a chunk", PROVIDER.drop("Base.read", "if len(distance)"), reason="a D0 that is missing cannot be looked up, one too many is not")
check("base.range", "base weights are below 2²⁸", PROVIDER.drop("Base.read", "if np.abs(theta"), reason="|Δ| < 2²⁸ is proven whatever θ̂0 is; the bound keeps its commitments fast")
