//! The enrolment commands on files, as a user runs them: toy chunks end to end, and every file with something wrong in it.

mod answers;
mod bad_files;
mod files;
mod fleet;
mod honest;
mod seeds;
mod signatures;
