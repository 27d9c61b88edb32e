//! `zkapex-prover`: see `zkapex-prover --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(zkapex_prover::cli::main())
}
