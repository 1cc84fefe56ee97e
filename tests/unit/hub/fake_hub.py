"""A fake hub on loopback, for hub_test.cc.

Prints its port and that of a second host (another port: another origin), serves until its standard
input closes or two minutes have passed. GET /log gives the requests as JSON. How a file is served is
its first folder, e.g. resolve/main/drop/model.bin.
"""
import hashlib
import json
import os
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_SECRETsecret"
CONTENT = bytes((i * 7 + i // 256) % 256 for i in range(300_000))
OTHER = bytes(reversed(CONTENT))
SHA = hashlib.sha256(CONTENT).hexdigest()
log, tries, lock = [], Counter(), threading.Lock()
other_port = 0


def listing(path):
    if "/org/hostile/" in path:
        return [{"type": "file", "path": "../../etc/passwd", "size": 1}]
    if "/org/nonsense/" in path:
        return {"error": "no list"}
    if "cursor=2" in path:
        return [{"type": "file", "path": "second/page.txt", "size": 7}]
    return [{"type": "directory", "path": "plain", "size": 0},
            {"type": "file", "path": "README.md", "size": 12},
            {"type": "file", "path": "plain/model.bin", "size": 134,
             "lfs": {"oid": SHA, "size": len(CONTENT), "pointerSize": 134}}]


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self):
        self.serve()

    def do_GET(self):
        self.serve()

    def serve(self):
        path = unquote(urlsplit(self.path).path)
        if path == "/log":
            with lock:
                return self.answer(200, json.dumps(log).encode())
        entry = {"method": self.command, "path": self.path, "range": self.headers.get("Range", ""),
                 "authorization": self.headers.get("Authorization", ""),
                 "port": self.server.server_address[1]}
        with lock:
            log.append(entry)
            tries[(self.command, path)] += 1
            n_try = tries[(self.command, path)]
        try:
            self.dispatch(path, n_try)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def dispatch(self, path, n_try):
        if path.startswith("/api/"):
            if "/org/private/" in path and self.headers.get("Authorization") != "Bearer " + TOKEN:
                return self.answer(401)
            headers = {}
            if "cursor" not in self.path and "/org/name/" in path:
                headers["Link"] = f'<http://127.0.0.1:{self.server.server_address[1]}{path}?cursor=2>; rel="next"'
            if "/org/broken-once/" in path and n_try == 1:
                return self.cut(json.dumps(listing(self.path)).encode(), 20, {}, 200)
            return self.answer(200, json.dumps(listing(self.path)).encode(), **headers)
        if path.startswith("/storage/"):
            return self.send_file("plain", 1, CONTENT, {"ETag": '"storage"'})
        if "/resolve/" not in path:
            return self.answer(404)
        mode = path.split("/resolve/")[1].split("/")[1]
        self.serve_file(mode, n_try)

    def serve_file(self, mode, n_try):
        if mode == "private" and self.headers.get("Authorization") != "Bearer " + TOKEN:
            return self.answer(401)
        if mode == "forbidden":
            return self.answer(403)
        if mode == "missing":
            return self.answer(404)
        if mode == "overloaded" and n_try <= 2:
            return self.answer(500 if n_try == 1 else 429)
        if mode == "down":
            return self.answer(503)
        if mode == "changed":  # the file becomes another after its first HEAD, without a commit
            first = tries[("HEAD", unquote(self.path))] <= 1
            content = CONTENT if first else OTHER
            tag = '"one"' if first else '"two"'
            if self.command == "HEAD":
                return self.answer(200, content, ETag=tag)
            return self.cut(content, 100_000, {"ETag": tag}, 200) if first else \
                self.send_file(mode, n_try, content, {"ETag": tag})
        sha = "0" * 64 if mode == "wrong" else SHA
        linked = {"X-Repo-Commit": COMMIT, "X-Linked-Size": str(len(CONTENT)), "X-Linked-Etag": f'"{sha}"'}
        if mode == "redirect":
            linked["Location"] = f"http://127.0.0.1:{other_port}/storage/file?Signature=SIGNED"
            return self.answer(302, **linked)
        if mode == "relative":  # to another path of the same hub, as the hub does for small files
            if "cached" not in self.path:
                return self.answer(307, Location=self.path + "/cached")
        if mode == "plainfile":  # not in LFS
            linked = {"X-Repo-Commit": COMMIT, "ETag": '"gitblob"'}
        if self.command == "HEAD":
            return self.answer(200, CONTENT, **linked)
        self.send_file(mode, n_try, CONTENT, {"ETag": '"body"', "X-Repo-Commit": COMMIT})

    def send_file(self, mode, n_try, content, headers):
        first, status = 0, 200
        wanted = self.headers.get("Range", "")
        same = self.headers.get("If-Range", headers["ETag"]) == headers["ETag"]
        if wanted and same and mode != "norange":
            first, status = int(wanted.split("=")[1].rstrip("-")), 206
            headers = {**headers, "Content-Range": f"bytes {first}-{len(content) - 1}/{len(content)}"}
        if mode == "lyingrange" and status == 206:
            headers["Content-Range"] = f"bytes 0-{len(content) - 1}/{len(content)}"
        body = content[first:]
        if mode in ("drop", "norange", "lyingrange") and n_try <= (1 if mode != "drop" else 3):
            return self.cut(body, 70_000, headers, status)
        if mode == "alwaysdrop":
            return self.cut(body, 1000, headers, status)
        if mode == "short":  # its length is a lie that agrees with itself
            return self.answer(200, content[:1000], **headers)
        if mode == "long":
            return self.answer(200, content + b"more", **headers)
        if mode == "stall" and n_try == 1:
            return self.cut(body, 50_000, headers, status, wait_s=60)
        if mode == "slow":
            return self.drip(body, headers, status)
        self.answer(status, body, **headers)

    def start(self, size, headers, status):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(size)}.items():
            self.send_header(name, value)
        self.end_headers()

    def cut(self, body, n_bytes, headers, status, wait_s=0):
        self.start(len(body), headers, status)
        self.wfile.write(body[:n_bytes])
        self.wfile.flush()
        time.sleep(wait_s)
        self.close_connection = True

    def drip(self, body, headers, status):
        self.start(len(body), headers, status)
        for begin in range(0, len(body), 10_000):
            self.wfile.write(body[begin:begin + 10_000])
            self.wfile.flush()
            time.sleep(0.1)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients that stop in the middle are what some tests are about


servers = [Server(("127.0.0.1", 0), Hub) for _ in range(2)]
other_port = servers[1].server_address[1]
for server in servers:
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(servers[0].server_address[1], other_port, flush=True)
threading.Timer(120, os._exit, [1]).start()
sys.stdin.read()
os._exit(0)
