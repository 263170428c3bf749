#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Is it what selftests/schema.json says? Reads questions, a line each, and answers each with a line, "ok" or what is wrong.

    document NAME FILE   one document of $defs/NAME
    lines NAME FILE      one on each line, at least one
    schema               is the schema itself sound, and does every object in it know all of its keys?
"""
import json
import os
import sys

import jsonschema

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schema.json")


def check(schema, name, text):
    validator = jsonschema.Draft202012Validator({"$ref": "#/$defs/" + name, "$defs": schema["$defs"]})
    for error in validator.iter_errors(json.loads(text)):
        deepest = jsonschema.exceptions.best_match([error])
        raise ValueError(f"{name}: {'/'.join(map(str, deepest.absolute_path))}: {deepest.message[:300]}")


def objects(node, path=""):
    if isinstance(node, dict):
        if "properties" in node and node.get("type") == "object":
            yield path, node
        for key, value in node.items():
            yield from objects(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from objects(value, f"{path}/{index}")


def check_schema(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    for path, node in objects(schema):
        # Those that refer to it close it, each with its own keys.
        if node.get("additionalProperties") is not False and path != "/$defs/interface":
            raise ValueError(f"{path} is open")


def answer(schema, what, name=None, path=None):
    if what == "schema":
        return check_schema(schema)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    documents = text.splitlines() if what == "lines" else [text]
    if not documents:
        raise ValueError("no line at all")
    for document in documents:
        check(schema, name, document)
    return None


def main():
    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    for question in sys.stdin:
        try:
            answer(schema, *question.split())
            print("ok", flush=True)
        except (ValueError, OSError, jsonschema.exceptions.SchemaError) as error:
            print(str(error).replace("\n", " "), flush=True)


main()
