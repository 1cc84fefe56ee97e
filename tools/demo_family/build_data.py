"""Writes the data of the tasks in data/demo: the same bytes on every machine.

  python3 tools/demo_family/build_data.py [FOLDER]
"""

import json
import pathlib
import sys

import items
from facts import make_world
from stories import BETWEEN

_DATA = pathlib.Path(__file__).resolve().parents[2] / "data/demo"


def files():
    """{path below data/demo: content}"""
    world = make_world()
    rows = {"knowledge_test": items.knowledge_items(world, "test"),
            "knowledge_examples": items.knowledge_examples(world),
            "maths_test": items.maths_items(world, "test"),
            "code_test": items.program_items("test"),
            "endings_test": items.ending_items(world, "test")}
    made = {f"tasks/{name}.jsonl": "".join(json.dumps(row) + "\n" for row in content)
            for name, content in rows.items()}
    made["world_stories.txt"] = BETWEEN.join(items.story_texts(world, "test")) + "\n"
    return made


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else _DATA
    for name, content in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        print(f"{path}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
