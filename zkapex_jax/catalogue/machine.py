"""The machine, the installation, and programs that work together."""

from zkapex_jax.catalogue.entry import Entry, Group

MACHINE = Group(
    "Disk, memory, installation",
    "The machine cannot do it now. Nothing half-written remains, and what was proven is kept: run the command again.",
    (
        Entry("disk_full", "The disk or your quota is full.", "Free some space and run the command again; it goes on where it stopped."),
        Entry(
            "no_disk",
            "There is not enough disk for it, said before work begins.",
            "Free some space, or use the preset that the sentence names.",
        ),
        Entry(
            "no_memory",
            "There is not enough memory for it, said before work begins.",
            "Close other programs, or use the preset that the sentence names.",
        ),
        Entry("memory", "Memory ran out.", "Use fewer --threads, a smaller --micro-batch, or a smaller preset."),
        Entry("storage", "The operating system refused to read or write.", "Check the permissions of the folder that the sentence names."),
        Entry(
            "io",
            "The operating system refused the prover to read or write.",
            "Check space and permissions of the folder that the sentence names.",
        ),
        Entry(
            "no_cache",
            "There is no folder to keep tables and reference strings in, or it cannot be read or written.",
            "Name one that you can write to: --cache DIR, or ZKAPEX_CACHE in the environment.",
        ),
        Entry(
            "unsafe_cache",
            "Others can write to your folder of tables and reference strings (~/.cache/zkapex), or it is another user's.",
            "Take their right to write away if nobody put anything there, else remove it: it is made again. Or name another with --cache.",
        ),
        Entry("locked", "Another command is at work in the same folder or ledger.", "Wait for it to end, then try again."),
        Entry(
            "srs_missing",
            "The preset needs a larger reference string than the one that ships with the program.",
            "Import the published ceremony once with `zkapex srs import`, or use the default preset.",
        ),
        Entry(
            "wrong_srs",
            "The reference string is of another size or ceremony than the preset needs.",
            "Leave --srs away: the program makes the right one in its cache.",
        ),
        Entry(
            "wrong_tables",
            "The constraint tables are not those that this version emits for the preset.",
            "Leave --tables away; if the artefact itself is of another version, use that version.",
        ),
        Entry(
            "prover_missing",
            "The Rust prover is not there, or cannot be started.",
            "Install the package with its binary, build it with cargo as the sentence says, or set ZKAPEX_PROVER.",
        ),
        Entry(
            "prover_killed",
            "The prover was ended by a signal, most often for want of memory.",
            "Run the command again with fewer --threads; it goes on where it stopped.",
        ),
        Entry(
            "prover_failed",
            "The prover ended without saying why.",
            "Run the command again; if it happens again, report it with the command.",
        ),
        Entry(
            "prover_output",
            "The prover's answer is not understood: program and binary are of different versions.",
            "Build or install both from one version.",
        ),
        Entry(
            "verifier_output",
            "The Python verifier did not judge exactly the chunks of the file.",
            "This is a bug: report it with the command.",
        ),
        Entry("internal", "The program contradicts itself.", "This is a bug: report it with the command and the sentence."),
        Entry(
            "bug", "Something happened that nobody foresaw.", "Run it again with ZKAPEX_DEBUG=1, and report the traceback with the command."
        ),
        Entry(
            "error",
            "Something went wrong; the sentence says what.",
            "Run it again with ZKAPEX_DEBUG=1, and report the traceback with the command.",
        ),
        Entry("bench", "An honest measurement was refused by its own verifier.", "This is a bug: report it with the command."),
        Entry(
            "calibration", "The honest chunk of an estimate was refused by its own verifier.", "This is a bug: report it with the command."
        ),
        Entry("cost_sheet", "The sheet of measured costs lacks times.", "Measure them on this machine: `zkapex bench`."),
        Entry(
            "scale_record",
            "The folder holds the record of another run, or none that is understood.",
            "Give another --work folder, or remove this one.",
        ),
    ),
)

CLUSTER = Group(
    "Clusters",
    "Proving or verifying on several machines (`--ray`).",
    (
        Entry("ray_missing", "Ray is not installed.", "Install `zkapex[cluster]`."),
        Entry("no_cluster", "No Ray cluster answers.", "Start one with `ray start --head`, or give the address of yours."),
        Entry(
            "no_workers",
            "The cluster has no worker that can start.",
            "Check that zkapex is installed on every machine, and that one has enough free CPUs for --threads.",
        ),
        Entry(
            "other_worker",
            "A worker has another program, prover or tables than this machine.",
            "Install the same build everywhere; it was sent nothing.",
        ),
        Entry(
            "other_statement",
            "The folder holds proofs of another statement.",
            "Remove the folder that the sentence names, then prove again.",
        ),
        Entry("worker_lost", "A job was lost several times with its worker.", "Look at the workers' memory; the rest of the work is kept."),
        Entry(
            "worker_output",
            "A worker's answer is not understood, or not the proof that it says.",
            "Install the same build everywhere, and use machines of your own.",
        ),
        Entry("cluster_files", "A worker was given work without its files.", "This is a bug: report it with the command."),
        Entry("cluster_order", "A worker was sent work before it was compared.", "This is a bug: report it with the command."),
    ),
)
