"""The rules of docs/design/0001-folders-and-contracts.md. Each is a function from a Tree to a list of complaints."""

import collections
import functools
import pathlib
import re
import subprocess

# Which folder of src/ may include which. `cli` may include all.
MAY_INCLUDE = {
    "core": set(),
    "stats": {"core"},
    "models": {"core"},
    "compress": {"core", "models"},
    "tasks": {"core"},
    "store": {"core"},
    "hub": {"core"},
    "eval": {"core", "stats", "models", "tasks", "store"},
    "compare": {"core", "stats"},
    "search": {"core", "stats", "models", "compress", "eval", "compare"},
    "bench": {"core", "stats", "models"},
    "report": {"core"},
}
MAY_INCLUDE["study"] = set(MAY_INCLUDE) - {"report"}
MAY_INCLUDE["cli"] = set(MAY_INCLUDE)

# Foreign interfaces: in these folders only, in one .cc each, so that one file knows how to speak to the library.
SDK_HEADERS = {
    "llama.cpp": (re.compile(r"(llama|llama-cpp|ggml[\w-]*|gguf)\.h"), {"models", "compress"}),
    "Jinja": (re.compile(r"jinja/.*"), {"models", "tasks"}),
    "SQLite": (re.compile(r"sqlite3\.h"), {"store"}),
    "libcurl": (re.compile(r"curl/.*"), {"hub"}),
    "yaml-cpp": (re.compile(r"yaml-cpp/.*"), {"cli", "tasks"}),
    "PCRE2": (re.compile(r"pcre2\.h"), {"tasks"}),
    "libseccomp": (re.compile(r"seccomp\.h"), {"tasks"}),
    "Arrow": (re.compile(r"(arrow|parquet)/.*"), {"tasks"}),
    "xxHash": (re.compile(r"xxhash\.h"), {"core"}),
}

MAX_LINES = 400
CODE_SUFFIXES = {".h", ".cc", ".py", ".sh", ".cmake", ".ts", ".js"}
CODE_NAMES = {"CMakeLists.txt", "Makefile"}
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.M)

# Written in pieces so that this file does not break its own rules.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" "DO", "FIX" "ME", "XX" "X"]) + r")\b")
REGISTRY_HOSTS = [
    "registry.npm" "js.org", "registry.yarn" "pkg.com", "py" "pi.org", "pythonhosted" ".org", "deb.debian" ".org",
    "archive.ubuntu" ".com", "ports.ubuntu" ".com", "security.ubuntu" ".com", "crates" ".io", "proxy.golang" ".org",
    "conda.anaconda" ".org", "docker" ".io", "ghcr" ".io", "jsdelivr" ".net", "unpkg" ".com",
]
# /home/ada and /home/user are examples, nobody's machine.
MACHINE_PATH = re.compile(r"(?<![\w.~$}/*-])/(work|root|home/(?!(?:ada|user)\b)\w+|Users/\w+|opt/peers)(/|\b)")

PATH_ROOTS = {"src", "tests", "docs", "cmake", "scripts", "data", "benchmarks", "tasks", "web", ".ci"}
PATH_LIKE = re.compile(r"\.?[\w*-][\w.*/{},-]*")


class Tree:
    """The files that are, or would be, in the repository (git's view when there is one)."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        names = None
        if (self.root / ".git").exists():
            listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=self.root,
                                    capture_output=True, text=True)
            if listed.returncode == 0:
                names = [name for name in listed.stdout.split("\0") if name and (self.root / name).is_file()]
        if names is None:
            names = [path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()]
            names = [name for name in names if not name.startswith(("build/", ".git/"))]
        self.names = sorted(names)

    @functools.lru_cache(maxsize=None)
    def text(self, name):
        """Content of a text file; empty for a binary one."""
        content = (self.root / name).read_bytes()
        return "" if b"\0" in content[:8192] else content.decode("utf-8", errors="replace")

    def code(self):
        return [n for n in self.names if pathlib.Path(n).suffix in CODE_SUFFIXES or pathlib.Path(n).name in CODE_NAMES]

    def sources(self):
        """(name, folder, [included header]) of each C++ file of src/."""
        for name in self.names:
            parts = name.split("/")
            if parts[0] == "src" and len(parts) > 2 and name.endswith((".h", ".cc")):
                yield name, parts[1], INCLUDE.findall(self.text(name))


def line_of(text, match):
    return text.count("\n", 0, match.start()) + 1


def check_folders(tree):
    complaints, cycles = [], collections.defaultdict(set)
    for name, folder, headers in tree.sources():
        if folder not in MAY_INCLUDE:
            complaints.append(f"{name}: src/{folder} is not a folder of the design")
            continue
        for header in headers:
            other, _, rest = header.partition("/")
            if ".." in header.split("/"):
                complaints.append(f"{name}: includes {header}; write the path from src/")
            if other not in MAY_INCLUDE or other == folder or not rest:
                continue
            cycles[folder].add(other)
            if other not in MAY_INCLUDE[folder]:
                complaints.append(f"{name}: {folder} may not include {other} ({header})")
            elif other != "core" and header != f"{other}/{other}.h":
                complaints.append(f"{name}: {header} is private to {other}; include {other}/{other}.h")
    return complaints + [f"src: folders include each other: {' -> '.join(c)}" for c in find_cycles(cycles)]


TYPE = re.compile(r"^(?:class|struct|enum class) (\w+)[^;{]*\{", re.M)


def check_type_names(tree):
    """Two types of one name in one namespace are one to the linker, which takes either's functions for both."""
    homes = collections.defaultdict(set)
    for name, _, _ in tree.sources():
        if name.endswith(".h"):
            for match in TYPE.finditer(tree.text(name)):
                homes[match.group(1)].add(name)
    return [f"src: type {t} is defined in {' and '.join(sorted(h))}" for t, h in sorted(homes.items()) if len(h) > 1]


def find_cycles(edges):
    found, done = [], set()

    def visit(node, path):
        if node in path:
            cycle = path[path.index(node):]
            first = cycle.index(min(cycle))
            found.append(cycle[first:] + cycle[:first] + [min(cycle)])
        elif node not in done:
            for other in sorted(edges.get(node, ())):
                visit(other, path + [node])
            done.add(node)

    for node in sorted(edges):
        visit(node, [])
    return found


def check_sdk_headers(tree):
    complaints = []
    for sdk, (pattern, folders) in SDK_HEADERS.items():
        users = collections.defaultdict(list)
        for name, folder, headers in tree.sources():
            if any(pattern.fullmatch(header) for header in headers):
                users[folder].append(name)
        for folder, names in users.items():
            if folder not in folders:
                complaints.append(f"{names[0]}: {sdk} is for {', '.join(sorted(folders))} only")
            if len(names) > 1:
                complaints.append(f"src/{folder}: {sdk} in {len(names)} files, may be in one: {', '.join(names)}")
            complaints += [f"{n}: {sdk} in a header; it must stay inside a .cc" for n in names if n.endswith(".h")]
    return complaints


def check_length(tree):
    counted = [(name, tree.text(name).count("\n")) for name in tree.code()]
    return [f"{name}: {n} lines, may have {MAX_LINES}" for name, n in counted if n > MAX_LINES]


def check_unfinished(tree):
    return [f"{name}:{line_of(tree.text(name), m)}: {m.group(0)}; finish it or open an issue"
            for name in tree.names if not name.startswith("data/") for m in UNFINISHED.finditer(tree.text(name))]


def check_addresses(tree):
    complaints = []
    for name in tree.names:
        text = tree.text(name)
        complaints += [f"{name}: names the registry host {host}" for host in REGISTRY_HOSTS if host in text]
        complaints += [f"{name}:{line_of(text, m)}: path of one machine: {m.group(0)}" for m in MACHINE_PATH.finditer(text)]
    return complaints


def check_documents(tree):
    complaints = []
    for name in tree.names:
        is_document = name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md") or name.startswith("docs/")
        if not is_document or not name.endswith(".md"):
            continue
        prose = re.sub(r"^```.*?^```", "", tree.text(name), flags=re.M | re.S)
        for quoted in re.findall(r"`([^`\n]+)`", prose):
            if looks_like_path(quoted) and not exists(tree, quoted):
                complaints.append(f"{name}: names {quoted}, which is not there")
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose):
            path = (tree.root / name).parent / target
            if "://" not in target and not target.startswith("mailto:") and not path.exists():
                complaints.append(f"{name}: links to {target}, which is not there")
    return complaints


def looks_like_path(text):
    if not PATH_LIKE.fullmatch(text):
        return False
    return "/" in text and text.split("/")[0] in PATH_ROOTS or text in CODE_NAMES or bool(re.fullmatch(r"[A-Z]+\.md", text))


def exists(tree, path):
    alternatives = re.search(r"\{([^{}]*)\}", path)
    if alternatives:
        return all(exists(tree, path[:alternatives.start()] + a + path[alternatives.end():])
                   for a in alternatives.group(1).split(","))
    return any(tree.root.glob(path.rstrip("/")))


RULES = [check_folders, check_type_names, check_sdk_headers, check_length, check_unfinished, check_addresses,
         check_documents]


def check(root):
    tree = Tree(root)
    return [complaint for rule in RULES for complaint in rule(tree)]
