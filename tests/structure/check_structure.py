#!/usr/bin/python3
"""Checks the repository itself: which folder may include which, the size of files, no machine's paths.

    schemas <- core <- {broker, worker, gateway}, and bench beside them

Looks at what git tracks; without git, at all files below the root.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAY_INCLUDE = {
    "schemas": {"schemas"},
    "core": {"schemas", "core"},
    "broker": {"schemas", "core", "broker"},
    "worker": {"schemas", "core", "worker"},
    "gateway": {"schemas", "core", "gateway"},
    "bench": {"schemas", "core", "gateway", "bench"},
    # These measure the two from inside.
    "bench/gate": {"schemas", "core", "broker", "worker", "bench"},
    "bench/micro": {"schemas", "core", "broker", "worker", "bench"},
}
CODE = {".cpp", ".hpp", ".h", ".cc", ".py"}
LINES_WARN, LINES_MAX, TEST_LINES_MAX = 300, 500, 900
LINE_CHARS_MAX = 200  # longer ones are never code; clang-format holds code to 100
GENERATED = {"schemas/golden/commands.json", "schemas/golden/refusals.json",
             "schemas/golden/events.json"}
# Put together here, so that this file is not its own finding.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:" + "work" + r"|home/\w+|root|Users/\w+)/|\.\./" + "shared/")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def tracked():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True)
    if listed.returncode == 0:
        files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        files = [path for path in ROOT.rglob("*") if ".git" not in path.parts]
    return [path for path in files if path.is_file() and not path.is_symlink()]


def check_includes(name, text):
    room, folder = name.split("/")[0], "/".join(name.split("/")[:2])
    may_include = MAY_INCLUDE.get(folder, MAY_INCLUDE.get(room))
    for mark, path in INCLUDE.findall(text):
        other = path.split("/")[0]
        ours = other in MAY_INCLUDE and (ROOT / path).exists()
        if mark == '"' and not ours and may_include:
            yield f'{name}: includes "{path}": not from the repository\'s root, or not there'
        elif mark == "<" and ours:
            yield f"{name}: includes <{path}>: ours are included with quotes"
        elif ours and may_include and other not in may_include:
            allowed = ", ".join(sorted(may_include))
            yield f"{name}: includes {path}: {folder if folder in MAY_INCLUDE else room} may include only {allowed}"


def check(path, warnings):
    name = path.relative_to(ROOT).as_posix()
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return
    if name not in GENERATED and MACHINE_PATHS.search(text):
        line = text[: MACHINE_PATHS.search(text).start()].count("\n") + 1
        yield f"{name}:{line}: a path of one machine"
    if path.suffix not in CODE:
        return
    lines = text.count("\n")
    lines_max = TEST_LINES_MAX if name.startswith("tests/") else LINES_MAX
    if lines > lines_max:
        yield f"{name}: {lines} lines, at most {lines_max}: split it"
    elif lines > LINES_WARN:
        warnings.append(f"{name}: {lines} lines, more than {LINES_WARN}: have a second look")
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LINE_CHARS_MAX:
            yield f"{name}:{number}: {len(line)} characters in a line, at most {LINE_CHARS_MAX}"
        if re.search(r"\b(?:TO" + r"DO|FIX" + r"ME)\b", line):
            yield f"{name}:{number}: an open end that belongs into an issue"
    if path.suffix == ".hpp" and not re.search(r"^#pragma once$", text, re.M):
        yield f"{name}: a header without #pragma once"
    if path.suffix in (".cpp", ".hpp"):
        yield from check_includes(name, text)


def main():
    warnings = []
    files = tracked()
    problems = [problem for path in files for problem in check(path, warnings)]
    if len(files) < 50 or not any(path.suffix == ".hpp" for path in files):
        problems.append(f"only {len(files)} files were found below {ROOT}: the check sees nothing")
    print(*(f"warning: {warning}" for warning in warnings), *problems, sep="\n")
    print(f"{len(files)} files, {len(problems)} problems, {len(warnings)} warnings")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
