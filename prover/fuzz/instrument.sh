#!/bin/sh
# RUSTC_WRAPPER of `make fuzz`: coverage counters for the parsers alone. In curve arithmetic they would cost much and say nothing.
rustc=$1
shift
case " $* " in
*" --crate-name zkapex_prover "* | *" --crate-name serde_json "* | *" --crate-name safetensors "*)
    exec "$rustc" "$@" --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares
    ;;
esac
exec "$rustc" "$@"
