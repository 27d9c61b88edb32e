//! What most commands open first: tables, SRS, layout and the bases that commitments need.

use std::path::PathBuf;
use std::sync::Arc;

use midnight_curves::G1Projective;

use crate::artefact::kinds::Made;
use crate::commit::Committer;
use crate::error::{Error, Result};
use crate::online::Layout;
use crate::srs::Srs;
use crate::tables::Tables;

#[derive(clap::Args, Clone, Debug)]
pub struct Setup {
    /// Constraint tables.
    #[arg(long)]
    pub tables: PathBuf,
    /// Structured reference string.
    #[arg(long)]
    pub srs: PathBuf,
}

/// Parsed tables and SRS of one size.
pub struct Context {
    pub tables: Arc<Tables>,
    pub srs: Arc<Srs>,
    pub layout: Layout,
    pub committer: Committer,
    /// Commitment of the column that is 1 on the active rows.
    pub com_active: G1Projective,
}

impl Context {
    pub fn open(setup: &Setup) -> Result<Self> {
        let tables = Arc::new(Tables::load(&setup.tables)?);
        let srs = Arc::new(Srs::load(&setup.srs)?);
        if srs.k != tables.k {
            let message = format!("the SRS has 2^{} powers but the tables need 2^{}", srs.k, tables.k);
            return Err(Error::input(message).at_field("k").with_value(srs.k).at_file(&setup.srs));
        }
        let layout = Layout::from_tables(&tables).map_err(|e| e.at_file(&setup.tables))?;
        let committer = Committer::new(srs.clone(), layout.blinding_start(), layout.blinding_rows)?;
        let active: Vec<usize> = (layout.active_start..layout.blinding_start()).collect();
        let com_active = committer.ones(&active)?;
        Ok(Context { tables, srs, layout, committer, com_active })
    }

    /// Digests that artefacts made with this context carry.
    pub fn made(&self) -> Made {
        Made { tables: self.tables.digest, srs: self.srs.digest }
    }

    /// True where proofs made here convince nobody: reduced projections, or an SRS whose secret is known.
    pub fn insecure(&self) -> bool {
        self.layout.insecure || self.srs.insecure
    }
}
