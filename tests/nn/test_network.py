"""Networks of any kind on chips: what is taken, what stays in torch and why, and what lives on."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, prune

import hwsim
from hwsim.errors import HwsimWarning
from hwsim.nn import BypassError, ConversionError, DropoutWarning, StateError, StaysInTorchWarning
from hwsim.pipeline.emulation import ClippedWarning
from tests.nn.networks import Characters, Residual

FPGA, PCM = "fpga-lut-bthowen-2022", "pcm-nandakumar-2019"
X = torch.rand(40, 64, generator=torch.Generator().manual_seed(0))


def near(a: Any, b: Any, room: float = 1e-5) -> bool:
    return torch.allclose(a, b, atol=room)


def back(loss: Any) -> None:
    loss.backward()


def converted(net: nn.Module, *given: Any, **named: Any) -> Any:
    return hwsim.nn.convert(net, *given, **named)


def test_a_residual_network_is_itself_on_ideal_chips_and_near_on_others() -> None:
    torch.manual_seed(0)
    net = Residual().eval()
    assert near(converted(net)(X), net(X))  # ideal cells need no samples
    chip = converted(net, FPGA, calibrate=X, layers={"head": "ideal", "blocks.1": {"device": PCM, "adc_bits": "9 bit"}})
    assert (chip(X) - net(X)).abs().max() < 0.2 * net(X).abs().max()
    rows = {row["layer"]: row for row in hwsim.nn.summary(chip).rows}
    assert [row["device"] for row in rows.values()] == [FPGA] * 3 + [PCM] * 2 + ["ideal"]
    assert rows["blocks.0.up"]["cells"] == 16 * 32
    assert rows["stem"]["energy_j"] > 0 == rows["head"]["energy_j"]
    assert chip.blocks[1]["up"].chip.emulation.machine.chip.device.adc_bits == 9
    assert "stem" in str(hwsim.nn.summary(chip))


def test_the_bill_of_a_sequence_is_that_of_its_rows() -> None:
    torch.manual_seed(0)
    net, text = Characters(11).eval(), torch.randint(11, (3, 7))
    chip = converted(net, PCM, "benes", calibrate=text)
    row = hwsim.nn.summary(chip).rows[0]
    assert (row["layer"], row["cells"]) == ("blocks.0.attention.query", 256)
    alone = hwsim.emulate(nn.Sequential(nn.Linear(16, 16)), PCM)
    assert row["time_s"] > 6.9 * alone.cost()["inference_time_s"] > 0
    loss: Any = functional.cross_entropy(
        chip(text[:, :-1]).flatten(0, 1), text[:, 1:].flatten()
    )  # shorter than calibrated
    loss.backward()
    assert all(p.grad is not None for p in chip.parameters())
    assert {n for n, _ in net.named_parameters()} - {n for n, _ in chip.named_parameters()} == {
        f"{name}.weight" for name in chip.blocks[0].attention.query.board.names
    }


def test_training_biases_and_norms_through_noise_helps() -> None:
    torch.manual_seed(0)
    net = Residual().eval()
    y = torch.randint(10, (40,))
    chip = converted(net, PCM, calibrate=X, seed=1).train()
    optimizer = torch.optim.Adam(chip.parameters(), lr=0.02)
    warnings.simplefilter("ignore", ClippedWarning)  # signals grow while biases and norms learn
    before = functional.cross_entropy(chip(X), y).item()
    for _ in range(30):
        optimizer.zero_grad()
        back(functional.cross_entropy(chip(X), y))
        optimizer.step()
    assert functional.cross_entropy(chip(X), y).item() < before - 0.3
    written = np.concatenate([chip.stem.bias.detach().numpy()])
    assert np.array_equal(chip.stem.chip.emulation.machine.registers[0], written)
    assert chip.stem.chip.emulation.spent.bias_writes > 0


def test_copies_and_states_go_on_as_the_original() -> None:
    torch.manual_seed(0)
    net = Residual().eval()
    words: Any = {"device": PCM, "crossbar": "benes", "calibrate": X, "seed": 5}
    chip = converted(net, **words)
    chip(X)
    chip.reconnect("stem", np.array([np.random.default_rng(u).permutation(64) for u in range(16)]))
    with torch.no_grad():
        chip.head.bias += 1
    chip(X)
    twin: Any = copy.deepcopy(chip)
    again: Any = pickle.loads(pickle.dumps(chip))  # noqa: S301 - our own
    file = io.BytesIO()
    torch.save(chip.state_dict(), file)
    file.seek(0)
    loaded = converted(net, **words)
    assert str(loaded.load_state_dict(torch.load(file))) == "<All keys matched successfully>"
    y = chip(X)
    assert all(torch.equal(one(X), y) for one in (twin, again, loaded))
    assert torch.equal(loaded.stem.design, chip.stem.design)
    assert loaded.stem.chip.emulation.cost() == chip.stem.chip.emulation.cost()
    assert issubclass(type(again), Residual)
    assert len(again.schedule()) == len(chip.schedule()) == 3
    twin.reconnect("stem", np.tile(np.arange(64), (16, 1)))
    assert torch.equal(chip.stem.design, again.stem.design)  # copies have chips of their own
    with pytest.raises(StateError, match=r"^stem: the state was saved from another chip"):
        converted(net, **{**words, "seed": 6}).load_state_dict(chip.state_dict())


def test_a_schedule_is_executed_elsewhere(tmp_path: Any) -> None:
    from hwsim.execution import replay
    from hwsim.schedule import open_schedule

    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    x, y = torch.rand(60, 6), torch.randint(3, (60,))
    chip = converted(net, FPGA, "benes", calibrate=x)
    train = hwsim.nn.LaPerm(torch.optim.Adam(chip.parameters(), lr=0.1), chip, period=5, biases="permuted")
    chip.train()
    for _ in range(20):
        train.zero_grad()
        back(functional.cross_entropy(chip(x), y))
        train.step()
    path = train.schedule().save(tmp_path / "run.sqlite")
    elsewhere = hwsim.emulate(net, "ideal", "crossbar").machine
    with open_schedule(path) as file:
        assert file.complete
        replay(file.entries(), elsewhere)
    here = chip[0].chip.emulation.machine
    assert all(np.array_equal(a, b) for a, b in zip(here.permutations, elsewhere.permutations, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(here.registers, elsewhere.registers, strict=True))
    assert any((p != np.arange(p.shape[1])).any() for p in elsewhere.permutations)
    priced = hwsim.cost(path, topology="benes")
    assert priced[0]["toggles_total"] == chip[0].chip.emulation.spent.toggles
    with pytest.raises(FileExistsError, match="is there already"):
        train.schedule().save(path)


def test_laperm_is_free_training_and_ranks() -> None:
    """Against a loop of its own: Adam on a plain layer, whose rows become their starting values, rank by rank."""
    torch.manual_seed(0)
    net, x, y = nn.Linear(7, 3), torch.rand(50, 7), torch.rand(50, 3)
    plain = copy.deepcopy(net)
    chip = converted(net, crossbar="benes").train()
    train = hwsim.nn.LaPerm(torch.optim.Adam(chip.parameters(), lr=0.05), chip, period=4)
    loose = torch.optim.Adam([plain.bias, plain.weight], lr=0.05)
    cells = plain.weight.detach().sort(dim=1).values
    for step in range(1, 13):
        for one, optimizer in ((chip, train), (plain, loose)):
            optimizer.zero_grad()
            back(functional.mse_loss(one(x), y))
            optimizer.step()
        if step % 4 == 0:
            with torch.no_grad():
                plain.weight.copy_(torch.gather(cells, 1, plain.weight.argsort(dim=1).argsort(dim=1)))
    assert near(chip.design, plain.weight, 0)
    assert near(chip.eval()(x), plain(x))
    state = copy.deepcopy(train.state_dict())
    train.load_state_dict(state)
    train.finish()
    assert near(chip.train()(x), plain(x))
    with pytest.raises(ValueError, match=r"^no layer of the network has permutation circuits"):
        hwsim.nn.LaPerm(torch.optim.SGD(net.parameters(), 0.1), converted(net), period=1)


class Reader(nn.Module):
    """Reads the weights of a layer without calling it."""

    def __init__(self) -> None:
        super().__init__()
        self.called, self.read = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(self.called(x), self.read.weight)


def test_what_would_be_passed_by_stays_in_torch_and_is_named() -> None:
    x = torch.rand(9, 4)
    with pytest.warns(StaysInTorchWarning, match=r"^stays in torch, .* read \(Linear\): other code reads its weights"):
        chip = converted(net := Reader(), calibrate=x)
    assert near(chip(x), net(x))
    assert [row["layer"] for row in hwsim.nn.summary(chip).rows] == ["called"]
    with pytest.raises(ConversionError, match=r"'read' asks for read \(Linear\), .*: other code reads its weights"):
        converted(net, calibrate=x, layers={"read": "ideal"})
    with pytest.raises(AttributeError, match=r"^read has no weight: its weights are cells of ideal"):
        converted(net)(x)  # without samples nobody could know, and it is told at the first call
    chip = converted(net, skip=["read"])  # asked for, and no warning
    assert near(chip(x), net(x))


def test_attention_of_torch() -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    net, x = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval(), torch.rand(3, 5, 8)
    with pytest.warns(StaysInTorchWarning, match=r"out_proj .*: nn\.MultiheadAttention reads its weights"):
        chip = converted(net, calibrate=x)
    assert [row["layer"] for row in hwsim.nn.summary(chip).rows] == [
        f"layers.{n}.linear{k}" for n in (0, 1) for k in (1, 2)
    ]
    with torch.no_grad():  # torch would take its fused path here, which reads weights
        assert near(chip(x), net(x))
    with pytest.raises(ConversionError, match=r"asks for layers\.0\.self_attn\.out_proj"):
        converted(net, calibrate=x, layers={"layers.0.self_attn.out_proj": PCM})


def test_modules_and_weights_used_twice_have_one_chip() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = self.same = nn.Linear(4, 4)
            self.tied = nn.Linear(4, 4)
            self.tied.weight = self.one.weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.tied(self.same(self.one(x)))
            return found

    net, x = Twice(), torch.rand(6, 4)
    chip = converted(net, crossbar="benes", calibrate=x)
    assert chip.one is chip.same
    assert chip.one.chip is chip.tied.chip
    assert len(hwsim.nn.summary(chip).rows) == 1
    assert near(chip(x), net(x))
    chip.reconnect("tied", [[1, 0, 2, 3]] * 4)
    with torch.no_grad():
        net.one.weight.copy_(net.one.weight[:, [1, 0, 2, 3]])
    assert near(chip(x), net(x))
    for a, b in zip((net, chip), (net, chip), strict=True):
        a.zero_grad()
        b(x).sum().backward()
    assert near(chip.tied.bias.grad, net.tied.bias.grad)


def test_hooks_and_parametrisations_go_on() -> None:
    torch.manual_seed(0)
    x = torch.rand(9, 6)
    net = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3), nn.Linear(3, 3)).eval()
    parametrizations.weight_norm(net[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's old one, which networks still have
        nn.utils.weight_norm(net[2])
    prune.random_unstructured(net[4], "weight", 0.5)  # type: ignore[no-untyped-call]
    seen: list[int] = []

    def double(_module: nn.Module, _given: Any, found: Any) -> Any:
        seen.append(1)
        return 2 * found

    net[5].register_forward_hook(double)
    net[5].register_forward_pre_hook(lambda module, given: (given[0] + 1,))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1)
    wanted = net(x).detach()
    for one in (converted(net), converted(net, calibrate=x), converted(net, calibrate=x, chains=False)):
        seen.clear()
        assert near(one(x), wanted)
        assert seen == [1]
        assert sorted(n for n, _ in one.named_parameters()) == [f"{k}.bias" for k in (0, 2, 4, 5)]
    assert near(net(x), wanted)  # and the original is as it was


def test_a_subclass_with_its_own_forward_stays_in_torch() -> None:
    class Half(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) / 2

    class Same(nn.Linear):
        pass

    net, x = nn.Sequential(Half(3, 3), Same(3, 3)), torch.rand(4, 3)
    with pytest.warns(StaysInTorchWarning, match=r"0 \(Half\): Half computes in a way of its own"):
        chip = converted(net)
    assert near(chip(x), net(x))
    net[1].forward = lambda x: x
    with pytest.raises(ConversionError, match=r"^nothing can go on a chip: 0 \(Half\): .*; 1 \(Same\)"):
        converted(net)


def test_members_called_one_by_one() -> None:
    class Tapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            hidden = self.body[1](self.body[0](x))
            found: torch.Tensor = self.body[2](hidden) + hidden.sum()
            return found

    net, x = Tapped(), torch.rand(5, 3)
    chip = converted(net, calibrate=x)
    assert len(hwsim.nn.summary(chip).rows) == 2
    assert near(chip(x), net(x))
    with pytest.raises(BypassError, match=r"^body\.0 was called by itself, .*chains=False"):
        converted(net)(x)
    assert near(converted(net, chains=False)(x), net(x))
    late = converted(net.body)
    late[1].register_forward_hook(lambda *_: None)
    with pytest.raises(BypassError, match=r"^a hook was put on a member of 0 to 2"):
        late(x)
    late = converted(net.body)
    late[1] = nn.Tanh()
    with pytest.raises(BypassError, match=r"^members of a Sequential were exchanged"):
        late(x)
    with pytest.raises(BypassError, match=r"^weight of 0 cannot be set"):
        late[0].weight = nn.Parameter(torch.zeros(4, 3))


def test_dropout_on_a_chip_is_told() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.ReLU(), nn.Linear(3, 1))
    chip = converted(net).train()
    with pytest.warns(DropoutWarning, match="dropout within 0 to 3 is left out, in training too"):
        chip(torch.rand(2, 3))
    apart = converted(net, skip=["1"]).train()
    torch.manual_seed(0)
    assert len({tuple(apart(torch.ones(1, 3)).flatten().tolist()) for _ in range(9)}) > 1


FAULTS: list[tuple[dict[str, Any], list[str]]] = [
    ({"skip": ["heat"]}, ["skip: no module is named 'heat'; modules are 'stem', 'blocks'"]),
    ({"layers": {"heads": "ideal"}}, ["layers: no layer is named 'heads'; layers are 'stem'"]),
    ({"layers": {"head": 3}}, ["layers: 'head' must be the name of a device or a table, found int"]),
    ({"device": "pcm-x", "crossbar": "bens", "skip": ["a"]}, ["skip: no module", "pcm-x"]),
    ({"device": PCM}, ["stem: ranges of pcm-nandakumar-2019", "head: ranges of"]),
    ({"layers": {"head": {"device": PCM, "adc_bit": "3 bit"}}}, ["adc_bit"]),
    ({"crossbar": "omega"}, ["'omega' cannot realise every permutation"]),
    ({"skip": ["*"]}, ["nothing can go on a chip: stem (Linear): skipped"]),
]


@pytest.mark.parametrize(("words", "says"), FAULTS)
def test_all_faults_at_once(words: dict[str, Any], says: list[str]) -> None:
    with pytest.raises(ConversionError) as told:
        converted(Residual(), **words)
    assert all(any(line in fault for fault in told.value.faults) for line in says), told.value.faults


def test_reconnection_by_name_is_checked_before_anything_moves() -> None:
    chip = converted(Residual(), crossbar="benes", layers={"head": {"crossbar": None}})
    straight = np.tile(np.arange(64), (16, 1))
    for name, rows, says in (
        ("hat", straight, "no layer 'hat' is on a chip"),
        ("head", straight, "head has no crossbar"),
        ("blocks.0.up", straight, r"^blocks\.0\.up: layer 0 wants whole numbers of shape \(32, 16\)"),
    ):
        with pytest.raises(ValueError, match=says):
            chip.reconnect({"stem": straight[:, ::-1], name: rows})
    assert len(chip.schedule()) == 1
    with pytest.raises(ValueError, match="has no layer on a chip"), hwsim.nn.quiet(nn.Linear(1, 1)):
        pass


def test_loaders_and_tables_calibrate() -> None:
    torch.manual_seed(0)
    net = Residual().eval()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, torch.zeros(40)), batch_size=16)
    wanted = converted(net, FPGA, calibrate=X)(X)
    assert torch.equal(converted(net, FPGA, calibrate=loader)(X), wanted)
    assert torch.equal(converted(net, FPGA, calibrate=X.double().numpy())(X), wanted)
    assert torch.equal(converted(net, FPGA, calibrate=[{"x": X}, {"x": X}])(X), wanted)
    with pytest.raises(ValueError, match="calibration samples hold numbers that are not finite"):
        converted(net, FPGA, calibrate=X / 0)
    with pytest.raises(TypeError, match="takes numbers with a fraction"):
        converted(nn.Linear(3, 2))(torch.ones(2, 3, dtype=torch.int64))


def test_in_place_and_shapes() -> None:
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(2, padding=1), nn.Conv2d(4, 3, 3, dilation=2)
    )
    x = torch.rand(3, 2, 12, 12)
    wanted, larger = net(x).detach(), net(torch.ones(1, 2, 15, 13)).detach()
    first = net[0]
    same = converted(net, calibrate=x, inplace=True)
    assert same is net
    assert net[0] is first
    assert near(net(x), wanted)
    assert near(net(torch.ones(1, 2, 15, 13)), larger)  # another size than it was calibrated with
    with pytest.raises(ValueError, match=r"^0 to 3 takes samples of shape"):
        net(torch.rand(3, 1, 12, 12))
    assert not issubclass(StaysInTorchWarning, DeprecationWarning)
    assert issubclass(DropoutWarning, HwsimWarning)
