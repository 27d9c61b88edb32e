//! Machine-readable progress on standard error, stage timings, and peak memory.

use std::io::Write;
use std::time::Instant;

use serde_json::{json, Map, Value};

/// Where progress goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// One JSON object a line on standard error.
    Json,
    None,
}

/// Progress of one command over chunks.
pub struct Progress {
    mode: Mode,
    stage: &'static str,
    total: usize,
    weights_total: usize,
    done: usize,
    weights_done: usize,
}

impl Progress {
    pub fn new(mode: Mode, stage: &'static str, total: usize, weights_total: usize) -> Self {
        let progress = Progress { mode, stage, total, weights_total, done: 0, weights_done: 0 };
        progress.print();
        progress
    }

    /// One more chunk of `weights` weights is done.
    pub fn advance(&mut self, weights: usize) {
        self.done += 1;
        self.weights_done += weights;
        self.print();
    }

    fn print(&self) {
        if self.mode == Mode::Json {
            event(&json!({"event": "progress", "stage": self.stage, "done": self.done, "total": self.total,
                          "weights_done": self.weights_done, "weights_total": self.weights_total}));
        }
    }
}

/// Writes one line to standard error; a closed pipe is no reason to fail.
pub fn event(value: &Value) {
    let _ = writeln!(std::io::stderr(), "{value}");
}

/// Wall-clock seconds by stage, in order of first use.
pub struct Stages {
    last: Instant,
    seconds: Vec<(&'static str, f64)>,
}

impl Default for Stages {
    fn default() -> Self {
        Stages { last: Instant::now(), seconds: Vec::new() }
    }
}

impl Stages {
    /// Books the time since the last lap under `stage`.
    pub fn lap(&mut self, stage: &'static str) {
        let now = Instant::now();
        let spent = (now - self.last).as_secs_f64();
        self.last = now;
        match self.seconds.iter_mut().find(|(name, _)| *name == stage) {
            Some((_, total)) => *total += spent,
            None => self.seconds.push((stage, spent)),
        }
    }

    /// Time since the last lap is not booked.
    pub fn skip(&mut self) {
        self.last = Instant::now();
    }

    pub fn total(&self) -> f64 {
        self.seconds.iter().map(|(_, s)| s).sum()
    }

    pub fn seconds(&self) -> &[(&'static str, f64)] {
        &self.seconds
    }

    pub fn to_json(&self) -> Value {
        Value::Object(self.seconds.iter().map(|(name, s)| ((*name).to_owned(), json!(s))).collect::<Map<_, _>>())
    }
}

/// Largest resident set of this process so far, in bytes; 0 where the system does not tell.
pub fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok()).map_or(0, |kib| kib * 1024)
}
