//! Ties to the program that started this one: end with it, or prove the chunks that it names.

use std::io::{self, Read};

use crate::artefact::io_error;
use crate::error::{Error, Result};

/// Where it is set, standard input is a pipe that the parent holds open for as long as it lives.
const ATTACHED: &str = "ZKAPEX_ATTACHED";

/// Ends this process as soon as the parent is gone, however it went: nobody waits for the result, and the parent's next
/// run must not find an old one at work. Files are written whole or not at all, so any moment is good.
pub fn end_with_parent() {
    if std::env::var_os(ATTACHED).is_none() {
        return;
    }
    std::thread::spawn(|| {
        let mut passing = [0u8; 256];
        loop {
            match io::stdin().read(&mut passing) {
                Ok(0) => std::process::exit(5),
                Err(e) if e.kind() != io::ErrorKind::Interrupted => std::process::exit(5),
                _ => {}
            }
        }
    });
}

/// Chunks named on standard input, one decimal number a line, each of them one of `touched`; ends with the input.
///
/// # Errors
/// `Error::Input` for a line that names no such chunk, `Error::Io` where standard input cannot be read.
pub fn named_chunks(touched: &[usize]) -> impl Iterator<Item = Result<usize>> + '_ {
    io::stdin().lines().map(|line| {
        let line = line.map_err(|e| io_error("standard input".as_ref(), e))?;
        let chunk = line.trim().parse().ok().filter(|chunk| touched.contains(chunk));
        chunk.ok_or_else(|| {
            let message = "every line of standard input must name a chunk that the request touches";
            Error::input(message).at_field("chunks-from-stdin").with_value(line.trim())
        })
    })
}
