//! Keys and bases of the toy preset, made once.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use midnight_curves::G1Projective;
use zkapex_prover::commit::Committer;
use zkapex_prover::field::F;
use zkapex_prover::plonk::{ProverSetup, VerifierSetup};
use zkapex_prover::srs::{ceremony, Srs};
use zkapex_prover::tables::Tables;
use zkapex_prover::{enrolment, online};

/// One relation's layout and keys.
pub struct Side<L> {
    pub layout: L,
    pub digest: [u8; 32],
    pub prover: ProverSetup,
    pub verifier: VerifierSetup,
}

pub struct World {
    pub srs: Arc<Srs>,
    pub committer: Committer,
    pub com_active: G1Projective,
    pub enrol: Side<enrolment::Layout>,
    pub online: Side<online::Layout>,
}

impl World {
    /// Commitment of a whole column.
    pub fn commit(&self, column: &[F]) -> G1Projective {
        self.committer.full_lagrange(column).unwrap()
    }
}

pub fn tables_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors/tables").join(format!("{name}.tables.json"))
}

fn side<L>(name: &str, srs: &Arc<Srs>, layout: fn(&Tables) -> zkapex_prover::Result<L>) -> Side<L> {
    let tables = Arc::new(Tables::load(&tables_path(name)).unwrap());
    Side {
        layout: layout(&tables).unwrap(),
        digest: tables.digest,
        prover: ProverSetup::new(tables.clone(), srs.clone()).unwrap(),
        verifier: VerifierSetup::new(tables, srs.clone()).unwrap(),
    }
}

/// The toy preset with the ceremony's bases.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let srs = Arc::new(ceremony::load(8).unwrap());
        let enrol = side("enrol-toy", &srs, enrolment::Layout::from_tables);
        let online = side("toy", &srs, online::Layout::from_tables);
        assert_eq!(enrol.layout.chunk, online.layout.chunk, "one commitment serves both relations");
        let layout = &online.layout;
        let committer = Committer::new(srs.clone(), layout.blinding_start(), layout.blinding_rows).unwrap();
        let active: Vec<usize> = (layout.active_start..layout.blinding_start()).collect();
        let com_active = committer.ones(&active).unwrap();
        World { srs, committer, com_active, enrol, online }
    })
}
