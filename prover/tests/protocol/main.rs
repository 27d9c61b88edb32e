//! Provers that follow the protocol, honest or with one cheat in it, against the verifiers of both relations.
//!
//! The provers here are slow and obvious twins: everything is a field element, so that they can claim what no client of the
//! program could, and each reports which of the sums that μ separates it leaves broken.

mod enrolment_client;
mod enrolment_run;
mod enrolment_tests;
mod online_client;
mod online_run;
mod online_tests;
mod order_tests;
mod twin;
mod world;
