//! What most commands open first: tables, SRS, layout and the bases that commitments need.

use std::path::PathBuf;
use std::sync::Arc;

use midnight_curves::G1Projective;

use crate::artefact::kinds::Made;
use crate::chunk::ChunkLayout;
use crate::commit::Committer;
use crate::error::{Error, Result};
use crate::srs::Srs;
use crate::tables::Tables;
use crate::{enrolment, online};

#[derive(clap::Args, Clone, Debug)]
pub struct Setup {
    /// Constraint tables.
    #[arg(long)]
    pub tables: PathBuf,
    /// Structured reference string.
    #[arg(long)]
    pub srs: PathBuf,
}

/// What the relation of the tables adds to the layout of a chunk.
pub enum Relation {
    Online(online::Layout),
    Enrolment(enrolment::Layout),
}

impl Relation {
    fn from_tables(tables: &Tables) -> Result<Self> {
        match tables.relation.as_str() {
            online::RELATION => online::Layout::from_tables(tables).map(Relation::Online),
            enrolment::RELATION => enrolment::Layout::from_tables(tables).map(Relation::Enrolment),
            other => Err(tables.error("relation", "unknown relation").with_value(other)),
        }
    }

    fn chunk(&self) -> &ChunkLayout {
        match self {
            Relation::Online(layout) => layout,
            Relation::Enrolment(layout) => layout,
        }
    }
}

/// Parsed tables and SRS of one size.
pub struct Context {
    pub tables: Arc<Tables>,
    pub srs: Arc<Srs>,
    pub layout: ChunkLayout,
    pub relation: Relation,
    pub committer: Committer,
    /// Commitment of the column that is 1 on the active rows.
    pub com_active: G1Projective,
    setup: Setup,
}

impl Context {
    pub fn open(setup: &Setup) -> Result<Self> {
        let tables = Arc::new(Tables::load(&setup.tables)?);
        let srs = Arc::new(Srs::load(&setup.srs)?);
        if srs.k != tables.k {
            let message = format!("the SRS has 2^{} powers but the tables need 2^{}", srs.k, tables.k);
            return Err(Error::input(message).at_field("k").with_value(srs.k).at_file(&setup.srs));
        }
        let relation = Relation::from_tables(&tables).map_err(|e| e.at_file(&setup.tables))?;
        let layout = relation.chunk().clone();
        let committer = Committer::new(srs.clone(), layout.blinding_start(), layout.blinding_rows)?;
        let active: Vec<usize> = (layout.active_start..layout.blinding_start()).collect();
        let com_active = committer.ones(&active)?;
        Ok(Context { tables, srs, layout, relation, committer, com_active, setup: setup.clone() })
    }

    /// The layout of the online relation.
    ///
    /// # Errors
    /// `Error::Input` where the tables are of another relation; so [`Self::enrolment`].
    pub fn online(&self) -> Result<&online::Layout> {
        match &self.relation {
            Relation::Online(layout) => Ok(layout),
            Relation::Enrolment(_) => Err(self.wrong_relation(online::RELATION)),
        }
    }

    /// The layout of the enrolment relation.
    pub fn enrolment(&self) -> Result<&enrolment::Layout> {
        match &self.relation {
            Relation::Enrolment(layout) => Ok(layout),
            Relation::Online(_) => Err(self.wrong_relation(enrolment::RELATION)),
        }
    }

    fn wrong_relation(&self, wanted: &str) -> Error {
        let message = format!("this command needs the tables of the relation {wanted}");
        Error::input(message).at_field("relation").with_value(&self.tables.relation).at_file(&self.setup.tables)
    }

    /// Digests that artefacts made with this context carry.
    pub fn made(&self) -> Made {
        Made { tables: self.tables.digest, srs: self.srs.digest, srs_insecure: self.srs.insecure }
    }

    /// True where proofs made here convince nobody: reduced projections, or an SRS whose secret is known.
    pub fn insecure(&self) -> bool {
        self.layout.insecure || self.srs.insecure
    }

    /// Verifiers refuse an insecure context unless told otherwise.
    pub fn check_secure(&self, allow_insecure: bool) -> Result<()> {
        if !self.insecure() || allow_insecure {
            return Ok(());
        }
        let message = "the preset or the SRS is marked insecure: proofs made with it convince nobody (--allow-insecure verifies them all the same)";
        Err(Error::refused(message).at_field("insecure").at_file(&self.setup.srs))
    }
}
