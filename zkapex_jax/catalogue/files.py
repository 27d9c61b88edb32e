"""Files that are not what they should be."""

from zkapex_jax.catalogue.entry import Entry, Group

FILES = Group(
    "Files",
    "What was read is not what it should be. Nothing was changed: every reader checks its file whole before anything is done.",
    (
        Entry("missing_file", "There is no such file or folder.", "Check the path; the sentence says which command makes the file."),
        Entry("not_a_file", "The path names a folder, a pipe or a device where a plain file must stand.", "Give the path of a plain file."),
        Entry(
            "wrong_kind",
            "The file is whole, but of another kind than the one that was asked for.",
            "Run `zkapex inspect FILE` to see what it is; two options were probably exchanged.",
        ),
        Entry(
            "wrong_version",
            "The file was written in a version of the format that this program does not read.",
            "Use the zkapex version that wrote it, or ask its sender for a file of this version.",
        ),
        Entry(
            "bad_digest",
            "Bytes and SHA-256 do not match: the file was truncated or altered on its way.",
            "Fetch or copy it again; if that does not help, ask its sender for the digest and compare.",
        ),
        Entry(
            "bad_container",
            "The file is no safetensors file, or a damaged one.",
            "Fetch or export it again; nothing else is read, pickles least of all.",
        ),
        Entry(
            "bad_tensor",
            "A tensor of the file is missing, does not belong there, or differs from what its header declares.",
            "Ask for the file again; it was not written by this program.",
        ),
        Entry(
            "bad_field",
            "A field of the file's header is missing, unknown, or of another type.",
            "Ask for the file again; the sentence names the field.",
        ),
        Entry(
            "bad_json",
            "The text is no JSON of the strict kind that is read here: too long, too deep, a number that is no integer, a key twice.",
            "Ask for the file again, and do not edit it by hand.",
        ),
        Entry(
            "not_canonical",
            "The text is JSON, but not written the one canonical way, so that its digest would mean nothing.",
            "Use the file as it was sent; an editor or a formatter has probably changed it.",
        ),
        Entry(
            "bad_mask",
            "A mask does not have exactly one value for each weight.",
            "Make the mask for the same target tensors; `zkapex inspect` shows how many weights they have.",
        ),
        Entry(
            "bad_seed",
            "The record that stands beside a proof does not hold its seed.",
            "Run `zkapex prove` again: it makes anew what is damaged.",
        ),
        Entry(
            "bad_key",
            "It is no Ed25519 key that may be used, or a private key that others can read.",
            "Give the .pub file that the provider handed out; for your own key run the `chmod 600` that the sentence shows.",
        ),
        Entry(
            "too_large",
            "The file is larger than anything of its kind can be.",
            "Check that it is the right file; if it is, ask its sender for it again.",
        ),
        Entry(
            "damaged",
            "A file that the program keeps is damaged: rows or bytes are not those that were written.",
            "Restore it from a backup; `zkapex ledger check` names what is wrong with a ledger.",
        ),
        Entry("changed", "A file was changed while it was being read.", "Let the other program finish, then run the command again."),
        Entry(
            "exists",
            "There is a file already, and nothing is overwritten.",
            "Choose another name, or pass --force if the old one may go. A client's secret may not: it alone opens what was sent.",
        ),
        Entry(
            "layout",
            "A tensor is not where or what the file says: no such tensor in the model, or another shape.",
            "Use the model that the file was made for.",
        ),
        Entry(
            "out_of_range",
            "A number lies outside the range that the sentence names.",
            "Choose a value within it; for weights, check that the checkpoint is not damaged.",
        ),
        Entry("shape", "An array has another shape or type than it must have.", "Give it in the shape that the sentence names."),
        Entry(
            "not_finite",
            "An array holds a NaN or an infinity.",
            "Check the checkpoint and the data: a training that diverged leaves such values.",
        ),
        Entry("tables.*", "The constraint tables are not what this program emits.", "Leave --tables away: the program emits them itself."),
        Entry(
            "input",
            "The prover refused a file or an option; the sentence names it.",
            "Run `zkapex inspect` on the file, and ask for it again if it is damaged.",
        ),
        Entry(
            "bad_input",
            "An option or a value is wrong; the sentence names which and how.",
            "Correct it; `--help` of the command shows what it takes.",
        ),
        Entry("usage", "An option stands in the wrong place or does not go with another.", "See `--help` of the command."),
        Entry("unknown_code", "No error has this code.", "Run `zkapex explain` without a code to list them all."),
    ),
)
