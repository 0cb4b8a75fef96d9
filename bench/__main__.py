"""`./manage bench NAME`: runs one bench; without a name it lists them."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent


def benches() -> dict[str, str]:
    """Name of every bench -> the first line of what it says about itself."""
    found = {}
    for path in sorted(HERE.glob("*.py")):
        text = path.read_text()
        if not path.name.startswith("_") and '__name__ == "__main__"' in text:
            doc = ast.get_docstring(ast.parse(text)) or ""
            found[path.stem.replace("_", "-")] = doc.split("\n", maxsplit=1)[0]
    return found


def main(arguments: list[str]) -> int:
    """Run the named bench with the rest of the arguments."""
    known = benches()
    name = arguments[0] if arguments else ""
    if name not in known:
        print("usage: ./manage bench NAME", file=sys.stderr)
        for bench, doc in known.items():
            print(f"  {bench:20} {doc}", file=sys.stderr)
        return 2 if name else 0
    sys.argv = [f"./manage bench {name}", *arguments[1:]]
    runpy.run_module(f"bench.{name.replace('-', '_')}", run_name="__main__", alter_sys=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
