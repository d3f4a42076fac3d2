"""Networks that are no Sequential: residual, and a transformer on characters."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class Residual(nn.Module):
    """Two residual blocks with LayerNorm and GELU, and a read-out."""

    def __init__(self, inputs: int = 64, width: int = 16, outputs: int = 10) -> None:
        super().__init__()
        self.stem = nn.Linear(inputs, width)
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                {"norm": nn.LayerNorm(width), "up": nn.Linear(width, 2 * width), "down": nn.Linear(2 * width, width)}
            )
            for _ in range(2)
        )
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        for block in self.blocks:
            parts = dict(block.named_children())
            x = x + parts["down"](functional.gelu(parts["up"](parts["norm"](x))))
        found: torch.Tensor = self.head(self.norm(x))
        return found


class Attention(nn.Module):
    """Causal attention of several heads, its projections layers of their own."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = (self.query, self.key, self.value)
        query, key, value = (one(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for one in parts)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        found: torch.Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return found


class Block(nn.Module):
    """Attention and a perceptron, each behind a norm and beside a skip."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.attention = Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attention(self.norms[0](x))
        found: torch.Tensor = x + self.mlp(self.norms[1](x))
        return found


class Characters(nn.Module):
    """A transformer of two blocks that tells the next character."""

    def __init__(self, letters: int, width: int = 16, heads: int = 2, context: int = 32) -> None:
        super().__init__()
        self.embed, self.place = nn.Embedding(letters, width), nn.Embedding(context, width)
        self.blocks = nn.Sequential(Block(width, heads), Block(width, heads))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, letters)

    def forward(self, text: torch.Tensor) -> torch.Tensor:
        x = self.embed(text) + self.place(torch.arange(text.shape[1], device=text.device))
        found: torch.Tensor = self.head(self.norm(self.blocks(x)))
        return found
