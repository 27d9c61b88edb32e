//! The parsers read files. Here a file is memory with a path, written anew for every input.

use std::cell::RefCell;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

struct Scratch {
    file: File,
    path: PathBuf,
}

impl Scratch {
    fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        // Without a name, so that nothing is left behind, however the process ends.
        let file = tempfile::tempfile_in(folder).expect("a temporary file");
        let path = PathBuf::from(format!("/dev/fd/{}", file.as_raw_fd()));
        Scratch { file, path }
    }
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}

/// Runs `read` on the path of a file that holds `bytes`.
pub fn with_file<T>(bytes: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    SCRATCH.with_borrow(|scratch| {
        scratch.file.set_len(0).expect("a file can be emptied");
        scratch.file.write_all_at(bytes, 0).expect("a file can be written");
        read(&scratch.path)
    })
}
