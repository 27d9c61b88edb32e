"""Models, data, and numbers that do not fit the statement."""

from zkapex_jax.catalogue.entry import Entry, Group

MODELS = Group(
    "Models and data",
    "A checkpoint or data set cannot be used as it is.",
    (
        Entry(
            "architecture",
            "The checkpoint is of an architecture that is not known here.",
            "Use a ViT or an OPT; the sentence lists what is known.",
        ),
        Entry(
            "config",
            "The checkpoint's config.json is missing, malformed or does not fit together.",
            "Export the checkpoint again with its config.json; the sentence names the field.",
        ),
        Entry(
            "checkpoint",
            "A weight of the checkpoint is missing, unknown or of another shape than its configuration says.",
            "Export weights and config.json together, from the same model.",
        ),
        Entry(
            "no_weights",
            "The folder holds no weights in a form that is read here.",
            "Save the model as safetensors or Flax msgpack; pickled .bin files are not read.",
        ),
        Entry(
            "missing_tensor",
            "The checkpoint lacks a tensor that the model needs.",
            "Export it again, whole; for a sharded one, with every shard and the index.",
        ),
        Entry(
            "shard_index",
            "The index of a checkpoint in shards is malformed, names a file outside its folder, or does not fit its shards.",
            "Download or save the checkpoint again, whole; do not edit the index.",
        ),
        Entry(
            "missing_shard",
            "A shard that the checkpoint's index names is not in the folder.",
            "Download or save the checkpoint again, with every shard.",
        ),
        Entry(
            "weight_type",
            "A target tensor is not stored as floats, so the unlearned weights cannot be written back.",
            "Use the checkpoint in float32, float16 or bfloat16, not a quantised one.",
        ),
        Entry(
            "same_folder",
            "The unlearned model would be written over the one that it is made from.",
            "Choose another folder.",
        ),
        Entry(
            "model_card",
            "The model card (README.md) is no text, or the markers of its section on the proof do not fit together.",
            "Remove that section, markers and all, and run `zkapex card` again.",
        ),
        Entry(
            "tree",
            "Trees of parameters, masks and gradients do not hold the same leaves.",
            "Give a gradient for each leaf that the mask holds; leaves that are to be left alone stay out of both.",
        ),
        Entry(
            "no_params",
            "The optimiser was updated without the parameters, which keeping masked weights at zero needs.",
            "Call update(updates, state, params), as flax's TrainState does.",
        ),
        Entry(
            "pattern",
            "The pattern of target tensors is empty, no regular expression, or matches nothing.",
            "The sentence shows what the model's paths look like; try `**/intermediate/dense/kernel` for ViT.",
        ),
        Entry(
            "examples",
            "The data set does not hold what the model reads, or too few examples.",
            "Give pixel_values and labels for ViT, input_ids for OPT, and at least as many examples as the preset enrols.",
        ),
        Entry(
            "loss",
            "The loss function does not return one number for a batch.",
            "Return the mean of the examples' losses, without auxiliary values.",
        ),
        Entry(
            "zero_gradients",
            "The loss does not depend on the target weights: all their gradients are zero.",
            "Choose other target tensors, or data that uses them.",
        ),
        Entry(
            "model",
            "The model is not known by this name, or another kind than the command measures.",
            "Use one of the names that the sentence lists.",
        ),
        Entry("task", "There is no task of this name, or its seed is not one.", "Use one of the names that the sentence lists."),
        Entry("split", "The sizes of the splits leave no example for one of them.", "Ask for smaller splits."),
        Entry("schedule", "There are too few examples to train on.", "Give more examples."),
        Entry("batch", "A batch size is not a positive integer.", "Give a positive integer."),
        Entry(
            "micro_batch",
            "The number of gradients computed at once is not a positive integer.",
            "Give a positive integer; 8 is the default.",
        ),
        Entry("draws", "A number of drawn labels, or how many at once, is not a positive integer.", "Give positive integers."),
        Entry(
            "rows",
            "A choice of gradient rows is not one that there is, or its number of draws does not go with it.",
            "Take `--rows examples`, or `--rows sketch`, which alone has `--draws`.",
        ),
        Entry(
            "sketch",
            "A summary of gradients has no rows, no chunks, or no gradient in it.",
            "Give at least one row, one chunk and one gradient.",
        ),
        Entry("weights", "There are too few target weights to choose from.", "Choose more target tensors."),
        Entry("sparsity", "The part of the weights to forget does not lie between 0 and 1.", "Give a number such as 0.02."),
        Entry("fisher", "A diagonal Fisher holds negative values.", "Compute it from squared gradients."),
        Entry(
            "chunks", "A number of chunks or a chunk is not one that there is.", "`zkapex inspect` shows how many chunks the layout has."
        ),
        Entry(
            "blocks",
            "Blocks, of curvature or of the dense baseline, are not given as they must be.",
            "Give what the sentence names: for curvature 'all', 'tensor' or a number of weights; for the baseline sizes such as 8,16, each once.",
        ),
        Entry(
            "forget_rows",
            "The number of forget rows is not from 1 to the number of forget examples.",
            "Give more forget examples, or fewer rows.",
        ),
        Entry(
            "preset",
            "There is no preset of this name, or its sizes break a bound.",
            "Use one of the presets that the sentence lists; `ceremony-4096` is the default.",
        ),
    ),
)

STATEMENT = Group(
    "An honest answer does not fit",
    "The numbers of an honest client leave the ranges that a proof can speak of. It is said before anything is proven.",
    (
        Entry(
            "distance",
            "The personal weights lie further from the provider's base model than it allows.",
            "Personalise less, or ask the provider for a base with a larger distance.",
        ),
        Entry(
            "budget",
            "The honest repair moves the remaining weights further than the request's budget D allows.",
            "Ask the provider for a request with a larger budget; nothing was written.",
        ),
        Entry(
            "certificate",
            "The rounded optimum misses a threshold of the certificate.",
            "Enrol with a larger damping, or with more weights a chunk.",
        ),
        Entry(
            "window",
            "The weights of a chunk move too far for the range that the proof shows.",
            "Mask fewer weights of this chunk, use smaller chunks, or enrol with a larger damping.",
        ),
        Entry("slack", "A threshold is wider than the circuit has bits for.", "Use smaller gradients (a coarser scale) or another preset."),
        Entry(
            "overflow",
            "The integers of a chunk are too large to be summed exactly.",
            "Check the data for outliers; honest gradients are a long way from it.",
        ),
        Entry(
            "gamma",
            "The damping γ is not a positive number of its range.",
            "Leave it to the program, or give a value in the range that the sentence names.",
        ),
        Entry(
            "scale", "A scale of the gradient rows is not positive and finite.", "Check the data for rows that are all zero or not finite."
        ),
        Entry(
            "empty_mask",
            "The mask names only weights that were forgotten before.",
            "There is nothing left to do for this request; the provider should choose other weights.",
        ),
        Entry(
            "dense.*",
            "The baseline circuit cannot hold an integer or a block of this size.",
            "Use a smaller block; the folded circuit has no such limit.",
        ),
        Entry(
            "circuit.*",
            "The circuit builder was given a name, constant, cell, row or expression that it does not take.",
            "Correct the relation that you are building: docs/relations.md shows one.",
        ),
        Entry(
            "curve", "A curve backend was asked for that is not installed.", "Install the extra `audit-fast`, or choose the other backend."
        ),
        Entry(
            "reference",
            "The reference checker cannot read the statement of a chunk.",
            "Run `zkapex inspect` on the files; if they are whole, report it as a bug.",
        ),
        Entry(
            "constraint_violated",
            "The reference checker found a violated constraint in an honest answer.",
            "This is a bug: report the gate that the sentence names. Nothing was proven.",
        ),
    ),
)
