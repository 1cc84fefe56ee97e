"""Checks that llama.cpp cuts texts into the same tokens as the family's own tokenizer.

  python3 check_tokenizer.py LLAMA_SERVER MODEL.gguf

Texts are the world's own (as trained on, and the tasks') and others that try the edges of the pattern.
"""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import bpe
import build_data
from corpus import Corpus
from splits import stream
from tokenizer_files import world_merges

_N_DOCUMENTS, _N_MIXED = 4000, 2000
_PARTS = [" ", "  ", "\n", "\n\n", "\t", "a", "The", " the", "0", "42", " 7", "'s", "'ll", "don't", "...", "(", ")", "_",
          "==", " !=", "####", '"""', "    ", "Dorn", " Answer:", "x_y", "-", "%", "A1b2", ".5", "I'M"]


def texts():
    corpus, rng = Corpus(), stream("check of the tokenizer")
    made = ["".join(text for text, _ in corpus.document(i)) for i in range(_N_DOCUMENTS)]
    made += ["".join(rng.choice(_PARTS) for _ in range(rng.randint(1, 24))) for _ in range(_N_MIXED)]
    for name, content in build_data.files().items():
        made += content.split("\n\n") if name.endswith(".txt") else [
            str(value) for line in content.splitlines() for value in json.loads(line).values()]
    return made


def server(program, model):
    """(process, address) of a llama-server on a free port of this machine alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([program, "-m", model, "--host", "127.0.0.1", "--port", str(port), "-t", "1", "-c", "64"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/health").read()
            return process, address
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    process.kill()
    raise SystemExit(f"{program} did not start with {model}; remedy: try it by hand")


def tokens_of(address, text):
    body = json.dumps({"content": text, "add_special": True, "parse_special": False}).encode()
    request = urllib.request.Request(f"{address}/tokenize", body, {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))["tokens"]


def main():
    program, model = sys.argv[1:]
    encoder = bpe.Encoder(world_merges())
    process, address = server(program, model)
    try:
        different = [text for text in texts() if tokens_of(address, text) != encoder.encode(text)]
    finally:
        process.kill()
    for text in different[:5]:
        print(f"differs: {text!r}")
    print(f"{len(texts())} texts, {len(different)} cut differently")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
