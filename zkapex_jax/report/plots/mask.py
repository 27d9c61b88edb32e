"""Where the mask fell."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from zkapex_jax.report.chain import RequestRun
from zkapex_jax.report.parts import MaskedTensor
from zkapex_jax.report.plots.canvas import FORGET, GRID, Plot, canvas, heading, themed, to_svg

#: More tensors than this and the picture shows the most masked ones; the table lists all.
MOST_TENSORS = 12

# The heat is an image, which CSS variables do not reach: one hue that reads on light and dark, by its opacity.
_HUE = (0.835, 0.369, 0.0)


@themed
def where(request: RequestRun) -> Plot:
    """Small heat maps, one a tensor: the share of weights masked in each cell of a coarse grid."""
    tensors = sorted(request.mask.tensors, key=lambda tensor: -tensor.masked)[:MOST_TENSORS]
    shown = [tensor for tensor in request.mask.tensors if tensor in tensors]
    columns = 1 if len(shown) == 1 else 2
    rows = math.ceil(len(shown) / columns)
    top = max((share for tensor in shown for line in tensor.grid for share in line), default=0.0) or 1.0
    figure, panels = canvas(0.5 + 1.6 * rows, rows=rows, columns=columns)
    names = short_paths([tensor.path for tensor in shown])
    for axes, tensor, name in zip(panels, shown, names, strict=False):
        _heat(axes, tensor, name, top)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    figure.supxlabel(f"each cell: share of its weights masked, from none to {100 * top:.0f} %", fontsize=10)
    said = "; ".join(f"{tensor.path} {100 * tensor.masked / tensor.weights:.1f}" for tensor in shown if tensor.weights)
    return to_svg(figure, f"Where the mask of {request.request_id} fell", f"Percent of weights masked: {said}")


def _heat(axes: Axes, tensor: MaskedTensor, name: str, top: float) -> None:
    grid = np.asarray(tensor.grid, dtype=np.float64)
    colors = ListedColormap([(*_HUE, level / 255) for level in range(256)])
    axes.imshow(grid, cmap=colors, vmin=0.0, vmax=top, aspect="auto", interpolation="none")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(GRID)
    share = 100 * tensor.masked / tensor.weights if tensor.weights else 0.0
    heading(axes, name, size=9.5)
    axes.set_xlabel(f"{' × '.join(map(str, tensor.shape))}, {share:.1f} % masked", fontsize=9.5)


def short_paths(paths: list[str], longest: int = 28) -> list[str]:
    """Parameter paths without the folders that all share; the end is kept where one is still too long."""
    parts = [path.split("/") for path in paths]
    shared = 0
    if len(paths) > 1:
        while min(map(len, parts)) > shared + 1 and len({part[shared] for part in parts}) == 1:
            shared += 1
    names = ["/".join(part[shared:]) for part in parts]
    return [name if len(name) <= longest else "…" + name[1 - longest :] for name in names]


@themed
def by_chunk(request: RequestRun) -> Plot:
    """One bar a chunk: the share of its weights masked. Even bars mean that every chunk needs a proof."""
    shares = [entry.masked / entry.weights if entry.weights else 0.0 for entry in request.certificate]
    figure, (axes,) = canvas(2.7)
    axes.bar([entry.chunk for entry in request.certificate], [100 * share for share in shares], 0.7, color=FORGET)
    axes.set_xlabel("chunk")
    axes.set_ylabel("% masked")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.grid(True, color=GRID)
    axes.tick_params(length=0)
    mean = 100 * sum(shares) / len(shares) if shares else 0.0
    return to_svg(figure, f"Share of weights masked by {request.request_id}, by chunk", f"{len(shares)} chunks, {mean:.2f} percent on average")
