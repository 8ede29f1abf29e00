#!/usr/bin/python3
"""opcodes.py REPOSITORY [--check]

Writes docs/opcodes.md, the reference of the instruction set, from the code that defines it: the operations and their exact
arithmetic (src/isa/*.h), their costs (src/timing/engine_work.h, engine_work.cc), the limits (src/isa/limits.h). With --check:
exit code 1, and what to do, if the page in the repository is not what the code says.
"""

import os
import re
import sys

HEADERS = ["instruction.h", "products.h", "selections.h", "row_operations.h", "lengths.h"]
SHARED = ["Window", "Epilogue", "InnerQuantise", "Residual"]
TYPES = {"View": "view", "std::optional<View>": "view, if any", "Address": "constants", "float": "f32", "bool": "switch",
         "std::int32_t": "i32", "std::uint8_t": "u8", "std::uint32_t": "number of an argument",
         "std::optional<std::uint32_t>": "number of an argument, if any", "Window": "[window](#window)",
         "Epilogue": "[epilogue](#epilogue)", "std::optional<Residual>": "[residual](#residual), if any",
         "std::optional<InnerQuantise>": "[inner quantise](#inner-quantise), if any"}
STRUCT = re.compile(r"((?:^///[^\n]*\n)+)^struct (\w+) \{\n(.*?)^\};", re.M | re.S)
FIELD = re.compile(r"^  ([\w:<>]+) ([\w, =.:\-]+);(?: *// *(.*))?$", re.M)


def read(root, *path):
    with open(os.path.join(root, *path), encoding="utf-8") as file:
        return file.read()


def comment(text):
    """The words of a block of // or /// lines."""
    return "\n".join(re.sub(r"^//+ ?", "", line) for line in text.rstrip("\n").split("\n"))


def words(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def opcodes_of(root):
    """(name, engine, struct) in the order of the encoding."""
    variant = re.search(r"using Operation = std::variant<(.*?)>;", read(root, "src/isa/instruction.h"), re.S).group(1)
    rows = re.findall(r'\{"(\w+)", Engine::k(\w+)\}', read(root, "src/isa/instruction.cc"))
    structs = [name.strip() for name in variant.split(",")]
    if len(rows) != len(structs):
        sys.exit("opcodes.py: src/isa/instruction.cc names %d operations, instruction.h has %d" % (len(rows), len(structs)))
    return [(name, engine.lower(), struct) for (name, engine), struct in zip(rows, structs)]


def kinds_of(root):
    """The names of each enumeration: PoolKind -> max, average, ..."""
    source = read(root, "src/isa/instruction.cc")
    kinds = {}
    for enum, table in re.findall(r"name_of\((\w+Kind) kind\) \{\n  return row\((\w+), kind\);", source):
        body = re.search(r"%s\{(.*?)\};" % table, source, re.S).group(1)
        kinds[enum] = re.findall(r'"(\w+)"', body)
    return kinds


def fields_of(body, kinds):
    rows = []
    for kind, names, note in FIELD.findall(body):
        if kind == "bool" and names.startswith("operator"):
            continue
        what = TYPES.get(kind) or ", ".join(kinds[kind])
        for each in names.split(","):
            name, _, default = (part.strip() for part in each.partition("="))
            default = re.sub(r"k(Infinity)", r"infinity", default)
            default = "" if "::" in default or default.startswith(tuple("km")) and "Kind" in default else default
            rows.append("| %s | %s | %s | %s |" % (name, what, default, note))
    return ["| field | what | default | |", "|---|---|---|---|"] + rows


def costs_of(root):
    """opcode -> (cycles, energy), from the lines of engine_work.h that say so."""
    lines = re.findall(r"^//   (\w+) \| (.+?) \| (.+)$", read(root, "src/timing/engine_work.h"), re.M)
    return {name: (cycles, energy) for name, cycles, energy in lines}


def lane_costs_of(root):
    source = read(root, "src/timing/engine_work.cc")
    body = re.search(r"kUnaryCosts\{\n(.*?)\};", source, re.S).group(1)
    unary = re.findall(r"(\d+), +// (\w+)", body)
    numbers, names = re.search(r"kBinaryCosts\{([\d, ]+)\};\s*// ([\w ]+)", source).groups()
    binary = zip([n.strip() for n in numbers.split(",")], names.split())
    return ([("unary " + name, cost) for cost, name in unary] + [("binary " + name, cost) for cost, name in binary])


def limits_of(root):
    rows = []
    source = re.sub(r"=\n\s+", "= ", read(root, "src/isa/limits.h"))
    for name, value, note in re.findall(r"inline constexpr [\w:]+ k(\w+) = (.+?);(?: *// *(.*))?$", source, re.M):
        number = re.sub(r"std::\w+\{(\d+)\}", r"\1", value)
        shift = re.fullmatch(r"(\d+) << (\d+)", number)
        count = int(shift.group(1)) << int(shift.group(2)) if shift else int(number)
        rows.append("| %s | %s | %s |" % (words(name), format(count, ","), note))
    return ["| limit | most | of |", "|---|---|---|"] + rows


def page_of(root):
    structs = {}
    for header in HEADERS:
        for text, name, body in STRUCT.findall(read(root, "src/isa", header)):
            structs[name] = (comment(text), body)
    kinds, costs = kinds_of(root), costs_of(root)
    rules = comment(re.match(r"((?://.*\n)+)", read(root, "src/isa/instruction.h")).group(1))
    out = ["# Opcodes", "",
           "The reference of the instruction set. `scripts/opcodes.py` writes this page from the code that defines it (`src/isa/`,",
           "`src/timing/engine_work.h`); a test holds it to that. [isa.md](isa.md) has the ideas, [numerics.md](numerics.md) the functions and",
           "the order of sums, [timing.md](timing.md) how instructions share a chip.", "",
           "| opcode | engine | cycles of the engine | energy |", "|---|---|---|---|"]
    opcodes = opcodes_of(root)
    for name, engine, _ in opcodes:
        if name not in costs:
            sys.exit("opcodes.py: src/timing/engine_work.h lacks a line for %s" % name)
        out.append("| [%s](#%s) | %s | %s | %s |" % ((name, name, engine) + costs[name]))
    legend = re.search(r"^(// `passes.*?)^//\n// clang-format off", read(root, "src/timing/engine_work.h"), re.M | re.S)
    out += ["", comment(legend.group(1)), "", "## Rules", "", "```text", rules, "```", "", "## Shared parts"]
    for name in SHARED:
        out += ["", "### " + words(name).capitalize(), "", "```text", structs[name][0], "```", ""]
        out += fields_of(structs[name][1], kinds)
    for name, engine, struct in opcodes:
        out += ["", "## " + name, "", "```text", structs[struct][0], "```", ""] + fields_of(structs[struct][1], kinds)
        out += ["", "Engine: %s. Cycles: %s. Energy: %s." % ((engine,) + costs[name])]
    packing = re.findall(r"((?:^///[^\n]*\n)+)", read(root, "src/isa/packing.h"), re.M)
    head = re.match(r"((?://.*\n)+)", read(root, "src/isa/packing.h")).group(1)
    out += ["", "## Packed weights", "", "```text", comment(head)] + [comment(each) for each in packing] + ["```"]
    out += ["", "## Lane cycles", "", "Of unary and binary, an element:", "", "| operation | lane cycles |", "|---|---|"]
    out += ["| %s | %s |" % row for row in lane_costs_of(root)]
    out += ["", "## Limits", "", "What a file or an instruction beyond them is refused for (`too_large`, `src/isa/limits.h`)."]
    out += [""] + limits_of(root) + [""]
    return "\n".join(out)


def main(arguments):
    check = "--check" in arguments
    roots = [each for each in arguments if not each.startswith("--")]
    if len(roots) != 1:
        sys.exit(__doc__)
    root = roots[0]
    path = os.path.join(root, "docs/opcodes.md")
    page = page_of(root)
    if not check:
        with open(path, "w", encoding="utf-8") as file:
            file.write(page)
    elif page != read(root, "docs/opcodes.md"):
        sys.exit("docs/opcodes.md is not what the code says: run scripts/opcodes.py .")


main(sys.argv[1:])
