#!/usr/bin/python3
"""links.py REPOSITORY

Every link of every Markdown page leads to a file, and to a heading where it names one; every path in backticks that begins
with one of our folders exists. Prints each that doesn't, as FILE:LINE; exit code 1 if there is one.
"""

import os
import re
import sys

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")
FOLDERS = ("bench/", "chips/", "cmake/", "config/", "docs/", "scripts/", "src/", "tests/")
SKIPPED = {"build", "data", "node_modules"}  # what a build and a run leave


def pages(root):
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in SKIPPED]
        yield from (os.path.join(folder, name) for name in files if name.endswith(".md"))


def anchor_of(heading):
    """As GitHub makes it: words in lower case, joined by hyphens."""
    text = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return text.replace(" ", "-")


def anchors_of(path):
    with open(path, encoding="utf-8") as file:
        return {anchor_of(line.lstrip("#")) for line in file if line.startswith("#")}


def link_fault(page, link):
    if re.match(r"[a-z]+:", link):
        return None  # the world's
    path, _, anchor = link.partition("#")
    target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
    if not os.path.exists(target):
        return f"{link}: no such file"
    if anchor and anchor not in anchors_of(target):
        return f"{link}: no such heading"
    return None


def is_path(text):
    return text.startswith(FOLDERS) and re.fullmatch(r"[\w./-]+", text) and not re.search(r"[A-Z]{2}", text)


def path_fault(root, text):
    """A path may leave out the ending, or end in `.*`: kernels/kernels.h as kernels/kernels."""
    path = os.path.join(root, text)
    folder, name = os.path.split(path.rstrip("/"))
    found = os.path.isdir(folder) and any(entry == name or entry.startswith(name + ".") for entry in os.listdir(folder))
    return None if found else f"{text}: no such path"


def faults(root, page):
    with open(page, encoding="utf-8") as file:
        in_code = False
        for number, line in enumerate(file, start=1):
            in_code ^= line.startswith("```")
            if in_code:
                continue
            found = [link_fault(page, link) for link in LINK.findall(line)]
            found += [path_fault(root, text) for text in CODE.findall(line) if is_path(text)]
            yield from (f"{os.path.relpath(page, root)}:{number}: {fault}" for fault in found if fault)


def main(root):
    checked = sorted(pages(root))
    found = [fault for page in checked for fault in faults(root, page)]
    print("\n".join(found))
    print(f"{len(checked)} pages, {len(found)} faults")
    return 1 if found or not checked else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
