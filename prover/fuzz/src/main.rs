//! libFuzzer over the target that `ZKAPEX_FUZZ_TARGET` names; `make fuzz` drives it.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use zkapex_fuzz::dice::Dice;
use zkapex_fuzz::mutate::mutate;
use zkapex_fuzz::targets::{named, Target};

fn target() -> &'static Target {
    static TARGET: OnceLock<&'static Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        let name = std::env::var("ZKAPEX_FUZZ_TARGET").unwrap_or_default();
        named(&name).unwrap_or_else(|| panic!("ZKAPEX_FUZZ_TARGET names no target: {name:?}"))
    })
}

/// Whether the outcome of every input is printed, one line each: to choose what the corpus keeps.
fn shown() -> bool {
    static SHOWN: OnceLock<bool> = OnceLock::new();
    *SHOWN.get_or_init(|| std::env::var_os("ZKAPEX_FUZZ_OUTCOMES").is_some())
}

fuzz_target!(
    init: {
        // The program catches panics of the proof system and makes refusals of them. Those are no faults; what gets past the
        // program ends this one.
        let name = target().name;
        // Keys are made here, or the first input would take the time of it.
        target().run(&[]);
        std::panic::set_hook(Box::new(move |panic| {
            if panic.location().is_some_and(|place| !place.file().contains("midnight")) {
                eprintln!("{name}: {panic}");
            }
        }));
    },
    |data: &[u8]| {
        let outcome = target().run(data);
        if shown() {
            println!("{outcome}");
        }
    }
);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut bytes = |input: &mut Vec<u8>, max: usize| {
        let max = max.clamp(1, 1 << 20);
        let size = input.len().min(max);
        input.resize(max, 0);
        let size = fuzzer_mutate(input, size, max);
        input.truncate(size);
    };
    let mut changed = data[..size].to_vec();
    mutate(target().shape, &mut Dice::new(seed.into()), &mut changed, max_size, &mut bytes);
    changed.truncate(max_size);
    data[..changed.len()].copy_from_slice(&changed);
    changed.len()
});
