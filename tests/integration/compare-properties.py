#!/usr/bin/env python3
"""What the properties of an object's interface are said to do, against what they do.

Usage: compare-properties.py MONITOR PATH INTERFACE BEFORE AFTER DESCRIPTION

MONITOR is the output of `busctl --json=short monitor` from before BEFORE was read until after AFTER, these two are
answers of GetAll, DESCRIPTION is the object's introspection. A property that is "true" has, applied to BEFORE, the value
of AFTER in the last signal; one that is "const" has not changed; and signals have the first kind and no other. Prints what
is wrong, and fails."""
import json
import sys
import xml.etree.ElementTree as tree

monitor, path, interface, before, after, description = sys.argv[1:]
bad = False


def complain(text):
    global bad
    print(text)
    bad = True


def properties(file):
    return {k: v["data"] for k, v in json.load(open(file))["data"][0].items()}


def flag(member):
    values = [a.get("value") for a in member.findall("annotation") if a.get("name").endswith(".EmitsChangedSignal")]
    return values[0] if values else "true"


flags = {p.get("name"): flag(p)
         for i in tree.parse(description).getroot().findall("interface") if i.get("name") == interface
         for p in i.findall("property")}
told = {name for name, value in flags.items() if value == "true"}
before, after = properties(before), properties(after)
known = {name: before[name] for name in told}
changed = set()
signals = 0
for line in open(monitor):
    try:
        message = json.loads(line)
    except ValueError:  # cut off, for now
        continue
    if message.get("member") != "PropertiesChanged" or message.get("path") != path:
        continue
    whose, values, invalid = message["payload"]["data"]
    if whose != interface:
        continue
    signals += 1
    if set(values) != told:
        complain(f"signal {signals}: not told: {sorted(told - set(values))}, told: {sorted(set(values) - told)}")
    if invalid:
        complain(f"signal {signals}: invalidated: {invalid}")
    new = {name: value["data"] for name, value in values.items()}
    changed |= {name for name in told & set(new) if new[name] != known[name]}
    known.update(new)

for name in sorted(told):
    if known.get(name) != after[name]:
        complain(f"{name} is {after[name]}, and {known.get(name)} was told")
for name, value in sorted(flags.items()):
    if value == "const" and before[name] != after[name]:
        complain(f"{name} is constant, and was {before[name]} and is {after[name]}")
if not signals:
    complain("no signal")
if not bad:
    print(" ".join(sorted(changed)))
sys.exit(bad)
