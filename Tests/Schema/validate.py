"""Validates YAML files by a JSON Schema, and every one with an unknown key added to each of its mappings, which the schema must refuse.

validate.py SCHEMA FOLDER-OF-SCHEMAS FILE...   prints what is wrong, and how much was looked at.
"""

import copy
import json
import pathlib
import sys

import jsonschema
import yaml


class Loader(yaml.SafeLoader):
    """YAML as the daemon reads it: no dates, and only true and false are Booleans."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", __import__("re").compile("^(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))

# Mappings whose keys are the author's own names.
OPEN = {"inputs", "values", "keep", "headers", "query", "form", "json", "claims", "header", "actions", "tokens", "clients", "per_request"}


def mappings(node, path=()):
    if isinstance(node, dict):
        yield path
        for key, value in node.items():
            yield from mappings(value, path + (key,))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from mappings(value, path + (place,))


def is_open(path):
    if path[:1] == ("clients",) and "tokens" in path:
        return True
    return bool(path) and (path[-1] in OPEN or any(step in {"json", "claims", "header"} for step in path))


def with_unknown(document, path):
    changed = copy.deepcopy(document)
    node = changed
    for step in path:
        node = node[step]
    node["zzz_unknown"] = 1
    return changed


BASE = "https://schema.invalid/"
schemas = {}
for path in pathlib.Path(sys.argv[2]).glob("*.schema.json"):
    schemas[BASE + path.name] = json.loads(path.read_text()) | {"$id": BASE + path.name}
resolver = jsonschema.RefResolver(BASE + sys.argv[1], schemas[BASE + sys.argv[1]], store=schemas)
validator = jsonschema.Draft202012Validator(schemas[BASE + sys.argv[1]], resolver=resolver)
wrong = unknown = 0
for file in sys.argv[3:]:
    document = yaml.load(pathlib.Path(file).read_text(), Loader)
    for error in validator.iter_errors(document):
        print(f"{file}: {'.'.join(map(str, error.absolute_path))}: {error.message[:200]}")
        wrong += 1
    for path in mappings(document):
        if is_open(path):
            continue
        unknown += 1
        if validator.is_valid(with_unknown(document, path)):
            print(f"{file}: an unknown key is taken at {'.'.join(map(str, path)) or 'the root'}")
            wrong += 1
print(f"{len(sys.argv) - 3} files, {unknown} unknown keys, {wrong} wrong")
sys.exit(1 if wrong else 0)
