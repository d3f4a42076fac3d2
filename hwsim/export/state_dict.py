"""Weights and biases of the network as it is connected now, as a ``state_dict`` that plain torch modules load.

Keys are ``layerN.weight`` and ``layerN.bias``, N the number of the layer with cells, of the shapes of ``nn.Linear`` and
``nn.Conv2d``; a recurrent layer has the four of ``nn.RNN`` (``weight_ih_l0`` and so on; the second bias is 0). So
``nn.ModuleDict({"layer0": nn.Linear(64, 128), ...})`` loads the file as it is. Tensors are float32: on the mean what
the chip's cells weigh, gains folded in; of an FPGA, codes times what a step of them is worth.

Example:
    >>> from hwsim.export import EXPORTS
    >>> EXPORTS["state-dict"].named
    'state_dict.pt'
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from hwsim.export.met import effective
from hwsim.export.snapshot import ExportPlugin
from hwsim.files.checksum import RULE, checked

if TYPE_CHECKING:
    import torch

    from hwsim.export.snapshot import Snapshot
    from hwsim.files.whole import Content


def state_dict(snapshot: Snapshot) -> dict[str, torch.Tensor]:
    """Return the tensors by key, layer by layer."""
    import torch

    found = {}
    for node in snapshot.model.nodes:
        if node.layer is None:
            continue
        made, at = snapshot.model.layers[node.layer], f"layer{node.layer}"
        values = effective(snapshot, node.layer)
        weight, bias = (torch.tensor(one, dtype=torch.float32) for one in values)
        if node.kind == "rnn":
            features = node.taken[1]
            found[f"{at}.weight_ih_l0"] = weight[:, :features].clone()
            found[f"{at}.weight_hh_l0"] = weight[:, features:].clone()
            found[f"{at}.bias_ih_l0"], found[f"{at}.bias_hh_l0"] = bias, torch.zeros_like(bias)
            continue
        if node.kind == "conv2d" and node.window:
            weight = weight.reshape(made.units, node.taken[0] // made.groups, *node.window.kernel)
        found[f"{at}.weight"], found[f"{at}.bias"] = weight, bias
    return found


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one file, which ``torch.load(..., weights_only=True)`` reads; the zip's comment has the checksum."""
    import torch

    file = io.BytesIO()
    torch.save(state_dict(snapshot), file)
    mark = b"hwsim export state-dict, version 1\n"
    length = sum(map(len, checked(mark, "plain")))
    return {"state_dict.pt": checked(file.getvalue()[:-2] + length.to_bytes(2, "little") + mark, "plain")}


PLUGIN = ExportPlugin(
    name="state-dict",
    summary="weights and biases as connected now, for torch modules: layerN.weight, layerN.bias",
    export=export,
    needs="network",
    named="state_dict.pt",
    checksum=f"{RULE}; the line is the zip's comment",
)
