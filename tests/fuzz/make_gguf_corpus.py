#!/usr/bin/env python3
"""Writes tests/fuzz/gguf/*.gguf: tiny GGUF files, valid (valid-*) and hostile (all others).

usage: make_gguf_corpus.py [FOLDER]     (needs nothing but Python)
"""
import pathlib
import struct
import sys


def u32(n):
    return struct.pack("<I", n)


def u64(n):
    return struct.pack("<Q", n)


def text(s):
    s = s.encode()
    return u64(len(s)) + s


def entry(key, kind, value):
    return text(key) + u32(kind) + value


def tensor(name, dims, kind, offset):
    return text(name) + u32(len(dims)) + b"".join(struct.pack("<q", d) for d in dims) + u32(kind) + u64(offset)


def gguf(entries=(), tensors=(), data=b"", version=3, n_entries=None, n_tensors=None, magic=b"GGUF"):
    head = magic + u32(version)
    head += u64(len(tensors) if n_tensors is None else n_tensors)
    head += u64(len(entries) if n_entries is None else n_entries)
    head += b"".join(entries) + b"".join(tensors)
    return head + b"\0" * (-len(head) % 32) + data


ARCH = entry("general.architecture", 8, text("llama"))
A = tensor("a", [32, 2], 2, 0)
B = tensor("b", [3], 0, 64)
DATA = b"x" * 36 + b"\0" * 28 + b"y" * 12

FILES = {
    "valid-empty": gguf(),
    "valid-small": gguf([ARCH], [A, B], DATA),
    "valid-version2": gguf([ARCH], [A, B], DATA, version=2),
    "valid-all-kinds": gguf([
        entry("u8", 0, b"\x01"), entry("i8", 1, b"\xff"), entry("u16", 2, b"\1\2"), entry("i16", 3, b"\1\2"),
        entry("u32", 4, u32(7)), entry("i32", 5, u32(7)), entry("f32", 6, struct.pack("<f", 1.5)), entry("b", 7, b"\1"),
        ARCH, entry("arr", 9, u32(4) + u64(3) + u32(1) * 3), entry("strs", 9, u32(8) + u64(2) + text("a") + text("b")),
        entry("u64", 10, u64(1)), entry("i64", 11, u64(1)), entry("f64", 12, struct.pack("<d", 1.5))]),
    "valid-alignment": gguf([entry("general.alignment", 4, u32(8))], [], b""),
    "valid-scalar": gguf([], [tensor("s", [], 0, 0)], b"abcd"),
    "magic-big-endian": gguf(magic=b"FUGG"),
    "version-big-endian": b"GGUF" + struct.pack(">I", 3) + struct.pack(">QQ", 0, 0),
    "version-1": gguf(version=1),
    "version-huge": gguf(version=0xFFFFFFFF),
    "short-magic": b"GG",
    "short-header": b"GGUF" + u32(3) + u64(1),
    "count-tensors": gguf(n_tensors=2**63),
    "count-entries": gguf(n_entries=2**64 - 1),
    "key-4gb": gguf([u64(2**32) + b"k" * 40]),
    "key-wraps": gguf([u64(2**64 - 8) + b"k" * 40]),
    "string-4gb": gguf([text("k") + u32(8) + u64(2**32) + b"v" * 40]),
    "kind-unknown": gguf([entry("k", 13, b"\0" * 16)]),
    "array-huge": gguf([entry("k", 9, u32(10) + u64(2**61 + 1))], [], b"\0" * 64),
    "array-strings-huge": gguf([entry("k", 9, u32(8) + u64(2**40))], [], b"\0" * 64),
    "array-nested": gguf([entry("k", 9, u32(9) + u64(1) + u32(9) + u64(1))], [], b"\0" * 64),
    "key-twice": gguf([ARCH, ARCH]),
    "alignment-zero": gguf([entry("general.alignment", 4, u32(0))]),
    "alignment-48": gguf([entry("general.alignment", 4, u32(48))]),
    "alignment-string": gguf([entry("general.alignment", 8, text("32"))]),
    "tensor-twice": gguf([], [A, A], DATA),
    "tensor-5-dims": gguf([], [tensor("a", [1] * 5, 0, 0)], DATA),
    "tensor-4g-dims": gguf([], [text("a") + u32(2**32 - 1) + u64(1) * 8], DATA),
    "tensor-zero-dim": gguf([], [tensor("a", [32, 0], 0, 0)], DATA),
    "tensor-negative-dim": gguf([], [tensor("a", [-32, -2], 0, 0)], DATA),
    "tensor-overflow": gguf([], [tensor("a", [2**40, 2**40], 0, 0)], DATA),
    "tensor-bytes-overflow": gguf([], [tensor("a", [2**62], 0, 0)], DATA),
    "tensor-type-removed": gguf([], [tensor("a", [32], 4, 0)], DATA),
    "tensor-type-unknown": gguf([], [tensor("a", [32], 2**31, 0)], DATA),
    "tensor-block": gguf([], [tensor("a", [33], 2, 0)], DATA),
    "tensor-beyond": gguf([], [tensor("a", [32], 0, 2**63)], DATA),
    "tensor-offset-wraps": gguf([], [tensor("a", [32], 0, 2**64 - 32)], DATA),
    "tensor-unaligned": gguf([], [tensor("a", [4], 0, 3)], DATA),
    "tensor-overlap": gguf([], [A, tensor("b", [3], 0, 32)], DATA),
    "tensor-truncated": gguf([], [A, B], DATA[:-1]),
    "tensor-no-name": gguf([], [tensor("", [4], 0, 0)], DATA),
}

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "gguf")
folder.mkdir(parents=True, exist_ok=True)
for name, content in FILES.items():
    (folder / (name + ".gguf")).write_bytes(content)
print(f"{len(FILES)} files in {folder}")
