"""A Llama as transformers names its weights, small enough to train on two cores."""

import dataclasses

import torch
import torch.nn.functional as F
from torch import nn

HEAD_DIM = 64
ROPE_BASE = 10_000.0
NORM_EPS = 1e-5
CONTEXT = 1024


@dataclasses.dataclass(frozen=True)
class Shape:
    """Widths are multiples of 256, so that every block of a K-quant is full."""

    width: int
    n_layers: int
    n_kv_heads: int
    inner: int

    @property
    def n_heads(self):
        return self.width // HEAD_DIM


SHAPES = {"demo-small": Shape(256, 3, 2, 768), "demo-base": Shape(256, 8, 2, 768)}


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        wide = x.float()
        return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + NORM_EPS) * self.weight).to(x.dtype)


def rope_tables(length):
    """cos and sin, each length x HEAD_DIM, for halves rotated against each other."""
    inverse = ROPE_BASE ** (-torch.arange(0, HEAD_DIM, 2).float() / HEAD_DIM)
    angles = torch.outer(torch.arange(length).float(), inverse).repeat(1, 2)
    return angles.cos(), angles.sin()


def _rotate(x, cos, sin):
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


class Attention(nn.Module):
    def __init__(self, shape):
        super().__init__()
        kv_width = shape.n_kv_heads * HEAD_DIM
        self.shape = shape
        self.q_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.k_proj = nn.Linear(shape.width, kv_width, bias=False)
        self.v_proj = nn.Linear(shape.width, kv_width, bias=False)
        self.o_proj = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x, cos, sin):
        rows, length, width = x.shape
        cos, sin = cos.to(x.dtype), sin.to(x.dtype)

        def heads(y):
            return y.view(rows, length, -1, HEAD_DIM).transpose(1, 2)

        q = _rotate(heads(self.q_proj(x)), cos, sin)
        k = _rotate(heads(self.k_proj(x)), cos, sin)
        v = heads(self.v_proj(x))
        repeats = self.shape.n_heads // self.shape.n_kv_heads
        k, v = k.repeat_interleave(repeats, dim=1), v.repeat_interleave(repeats, dim=1)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o_proj(mixed.transpose(1, 2).reshape(rows, length, width))


class Mlp(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.inner, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.inner, bias=False)
        self.down_proj = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.input_layernorm = Norm(shape.width)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = Norm(shape.width)
        self.mlp = Mlp(shape)

    def forward(self, x, cos, sin):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    """tokens (rows x length) -> hidden states; `logits` makes scores of any of them (tied embeddings)."""

    def __init__(self, shape, n_vocab):
        super().__init__()
        self.embed_tokens = nn.Embedding(n_vocab, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.n_layers))
        self.norm = Norm(shape.width)
        cos, sin = rope_tables(CONTEXT)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._start(shape)

    def _start(self, shape):
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                residual = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(weight, std=0.02 / (2 * shape.n_layers) ** 0.5 if residual else 0.02)

    def forward(self, tokens):
        x = self.embed_tokens(tokens)
        if torch.is_autocast_enabled("cpu"):
            x = x.bfloat16()
        length = tokens.shape[1]
        for layer in self.layers:
            x = layer(x, self.cos[:length], self.sin[:length])
        return self.norm(x)

    def logits(self, hidden):
        return F.linear(hidden, self.embed_tokens.weight)


def n_parameters(model):
    return sum(weight.numel() for weight in model.parameters())
