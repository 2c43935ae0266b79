# SPDX-License-Identifier: AGPL-3.0-only
"""The manual pages say what the programs accept, all of it and nothing else: options, keys, rules, routes, gates."""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import BUILD, DAEMONS, TOP, QUICKSTART, Skip, main, test

MAN = os.path.join(TOP, "packaging", "man")
UNKNOWN = "no_such_key"
SCOPES = ("host", "tree", "process", "cgroup", "user")


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def source(*path):
    """A C file as one line, so that it does not matter where its tables are broken."""
    return re.sub(r"\s+", " ", read(*path))


def page(name):
    return read("packaging", "man", name)


def section(text, name):
    """What stands below .Sh @name."""
    found = re.search(r"^\.Sh %s\n(.*?)(?=^\.Sh |\Z)" % re.escape(name), text, re.M | re.S)
    assert found, "no section " + name
    return found[1]


def items(text, macro):
    """{name: body} of the list items whose heading is @macro and a name. Items with one body share it."""
    found, waiting = {}, []
    for head, body in re.findall(r"^\.It %s (.*)\n((?:(?!\.It %s ).*\n)*)" % (macro, macro), text, re.M):
        waiting.append(head.split(" Ns ")[0].split(" Pq ")[0])
        if body.strip():
            found.update({name: body for name in waiting})
            waiting = []
    assert not waiting, waiting
    return found


def same(what, program, manual):
    program, manual = set(program), set(manual)
    assert program == manual, "%s: not in the manual: %s; only in the manual: %s" % (
        what, sorted(program - manual) or "none", sorted(manual - program) or "none")


def options(program):
    """{name: takes an argument} as --help lists them."""
    done = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
    return {name: rest[:1] in ("=", " ") and rest[1:2] not in (" ", "")
            for name, rest in re.findall(r"^  --([a-z-]+)(.*)$", done.stdout, re.M)}


def documented_options(text):
    found = {}
    for line in re.findall(r"^\.It Fl -(.*)$", text, re.M):
        found[line.split()[0]] = "Ar " in line or "Cm " in line
    return found


def problems(daemon, config="", rules=None):
    """What --check-config has to say about a configuration and, of ruled, about rules: [(key, reason)]."""
    with tempfile.TemporaryDirectory(prefix="linnix-test-") as directory:
        arguments = ["--config", os.path.join(directory, "linnix.yaml")]
        with open(arguments[1], "w", encoding="utf-8") as file:
            file.write(config)
        if rules is not None:
            arguments += ["--rules", os.path.join(directory, "rules.yaml")]
            with open(arguments[-1], "w", encoding="utf-8") as file:
                file.write(rules)
        done = subprocess.run([os.path.join(BUILD, "linnix-" + daemon), "--check-config", *arguments],
                              capture_output=True, text=True)
    found = re.findall(r"\.yaml:\d+:\d+: (?:([a-z_.]+): )?(.*)", done.stderr)
    assert (done.returncode == 0) == (not found), done.stderr
    return found


def told_keys(reasons):
    """The keys that an "unknown key" problem lists, or None."""
    for _, reason in reasons:
        found = re.search(r"^(?:unknown key|not a key here); .* has (.*)", reason)
        if found:
            return found[1].split(", ")
    return None


def nested(path, value):
    """{a: {b: value}}"""
    for key in reversed(path):
        value = "{%s: %s}" % (key, value)
    return value


def config_keys(path=()):
    """Every key of linnix.yaml, with its sections, as the program tells them."""
    keys = told_keys(problems("apid", nested(path, "{%s: 1}" % UNKNOWN)))
    if keys is None:
        return [".".join(path)]
    return [full for key in keys for full in config_keys((*path, key))]


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:e[+]?\d+)?", text)]


def check_value(key, body, reasons):
    """Range and words of a key: what the program expects stands in the key's item."""
    expected = [reason for name, reason in reasons if name == key and reason.startswith("expected ")]
    if not expected:
        return
    expected = expected[0].partition(", found ")[0]
    text = " ".join(re.sub(r"^\.\w+ ", "", line) for line in body.split("\n"))
    found = re.match(r"expected a (?:whole )?number (from .* to .*)", expected)
    if found:
        stated = re.search(r"umber\s+(from \S+ to [\d.e+]*\d)", text)
        assert stated and numbers(stated[1]) == numbers(found[1]), "%s: %s; the manual: %s" % (key, expected, text[:80])
    elif re.fullmatch(r"expected \w+(, \w+)*( or \w+)?", expected) and "true" not in expected:
        for word in re.split(r", | or ", expected[len("expected "):]):
            assert re.search(r"(?<!\w)%s(?!\w)" % re.escape(word), text), "%s: %s is not in the manual" % (key, word)


def literals(text):
    """The examples of a page as they are shown."""
    return [block.replace("\\e", "\\") for block in
            re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", text, re.M | re.S)]


def c_strings(path, name):
    """The texts of a table in a C file."""
    table = re.search(r"\b%s\[\] = \{(.*?)\};" % name, read(*path.split("/")), re.S)
    assert table, name
    return re.findall(r'"([^"]*)"', table[1])


def told_detectors():
    for key, reason in problems("ruled", "", "- {name: a, detector: %s}\n" % UNKNOWN):
        if key == "detector":
            return re.split(r", | or ", reason[len("expected "):].partition(", found ")[0])
    raise AssertionError("ruled does not list its detectors")


def rule(detector, keys, /, **more):
    """A rule with every key the detector needs."""
    values = {"name": "a", "detector": detector, "threshold": 1, "threshold_pct": 1, "duration": 1,
              "window_seconds": 1, "regex": "a",
              "rate_per_min": 1, "median_lifetime": 1, "max_exec_duration_ms": 1}
    fields = {key: value for key, value in values.items() if key in keys} | more
    return "- {%s}\n" % ", ".join("%s: %s" % field for field in fields.items())


def detector_keys(detector):
    return told_keys(problems("ruled", "", "- {name: a, detector: %s, %s: 1}\n" % (detector, UNKNOWN)))


@test
def every_option_is_in_its_manual_and_the_other_way_round():
    for daemon in DAEMONS:
        text = page("linnix-%s.8" % daemon)
        told = options(os.path.join(BUILD, "linnix-" + daemon))
        same(daemon, told.items(), documented_options(section(text, "DESCRIPTION")).items())
        same(daemon + " synopsis", told, re.findall(r"Fl -([a-z-]+)", section(text, "SYNOPSIS").replace(
            "-version | -help", "-version Fl -help")))
    same("quickstart", options(QUICKSTART).items(),
         documented_options(section(page("linnix.7"), "RUNNING FROM A SOURCE TREE")).items())


def client_help(*command):
    return subprocess.run([os.path.join(BUILD, "linnix"), *command, "--help"], capture_output=True, text=True,
                          check=True).stdout


@test
def every_command_of_the_client_is_in_its_manual_with_its_operands_and_options():
    text = page("linnix.1")
    told = options(os.path.join(BUILD, "linnix"))
    same("linnix", told.items(), documented_options(section(text, "DESCRIPTION")).items())
    commands = re.findall(r"^  ([a-z][a-z-]*)(?: ([A-Z|]+))?  +\S", client_help(), re.M)
    assert len(commands) > 10, commands
    lines = {line.split()[0]: line for line in re.findall(r"^\.It Cm (.*)$", section(text, "COMMANDS"), re.M)}
    same("commands", [name for name, _ in commands], lines)
    for name, operand in commands:
        taken = dict(re.findall(r"^  --([a-z-]+) ?([A-Z]*)", client_help(name), re.M))
        stated = dict(re.findall(r"Fl -([a-z-]+)(?: Ar (\w+))?", lines[name]))
        same("options of " + name, [(key, bool(value)) for key, value in taken.items()],
             [(key, bool(value)) for key, value in stated.items()])
        assert bool(operand) == bool(re.match(r"[a-z-]+ Ar ", lines[name])), (name, operand)


@test
def every_demonstration_is_in_the_manual_with_its_detector():
    table = re.findall(r'\{"([a-z-]+)", "([a-z_]+)", "', source("apid", "client", "demo", "scenario.c"))
    documented = items(section(page("linnix.1"), "DEMONSTRATIONS"), "Cm")
    same("demonstrations", [name for name, _ in table] + ["all"], documented)
    detectors = told_detectors()
    for name, detector in table:
        assert ".Cm %s\n" % detector in documented[name] and detector in detectors, name


@test
def every_key_of_the_configuration_is_in_its_manual_with_its_range():
    keys = config_keys()
    documented = items(section(page("linnix.yaml.5"), "KEYS"), "Cm")
    assert len(keys) > 20, keys
    same("linnix.yaml", keys, documented)
    for key in keys:
        for bad in ("-1", UNKNOWN, "[%s]" % UNKNOWN):
            check_value(key, documented[key], problems("apid", nested(key.split("."), bad)))


@test
def the_configuration_that_is_shipped_has_these_keys_and_defaults():
    documented = items(section(page("linnix.yaml.5"), "KEYS"), "Cm")
    path, shipped = [], {}
    for line in read("configs", "linnix.yaml").splitlines():
        found = re.match(r"(# )?( *)([a-z_]+):(?: (.*))?$", line)
        if not found or line.startswith("# ") and not re.match(r"# (rules:$|  path: )", line):
            continue
        path = path[:len(found[2]) // 2] + [found[3]]
        if found[4]:
            shipped[".".join(path)] = found[4]
    same("configs/linnix.yaml", shipped, documented)
    for key, value in shipped.items():
        if re.fullmatch(r"\d+|true|monitor|info|linnix-approvers", value):
            assert re.search(r"^Default:(?: |\n\.Li )%s ?\.$" % value, documented[key], re.M), (key, value)


@test
def every_detector_is_in_the_manual_with_its_keys_and_scopes():
    text = page("linnix-rules.5")
    detectors = told_detectors()
    documented = items(section(text, "DETECTORS"), "Cm")
    keys = {detector: detector_keys(detector) for detector in detectors}
    common = set.intersection(*map(set, keys.values()))
    same("detectors", detectors, documented)
    same("keys of rules", set().union(*keys.values()), items(section(text, "KEYS"), "Cm"))
    for detector, body in documented.items():
        own, scopes = re.search(r"^Keys:\n(.*?)^Scopes:\n(.*?)^\.B", body, re.M | re.S).groups()
        same("keys of " + detector, set(keys[detector]) - common, re.findall(r"^\.Cm (\w+)", own, re.M))
        accepted = [scope for scope in SCOPES if not problems("ruled", "", rule(detector, keys[detector], scope=scope))]
        same("scopes of " + detector, accepted, re.findall(r"^\.Cm (\w+)", scopes, re.M))
        assert re.match(r"\.Cm \w+\n\(default\)", scopes), detector


@test
def the_keys_of_a_rule_have_the_ranges_and_parts_that_the_manual_says():
    text = page("linnix-rules.5")
    documented = items(section(text, "KEYS"), "Cm")
    for detector in told_detectors():
        keys = detector_keys(detector)
        for key in set(keys) - {"clear_below", "name", "detector", "regex", "match", "exclude", "propose"}:
            check_value(key, documented[key], problems("ruled", "", rule(detector, keys, **{key: "-1"})))
    keys = detector_keys("fork_burst")
    for key, part in (("match", "{%s: 1}"), ("exclude", "[{%s: 1}]")):
        same(key, told_keys(problems("ruled", "", rule("fork_burst", keys, **{key: part % UNKNOWN}))),
             items(section(text, "FILTERS"), "Cm"))
    for key in told_keys(problems("ruled", "", rule("fork_burst", keys, propose="{%s: 1}" % UNKNOWN))):
        reasons = problems("ruled", "", rule("fork_burst", keys, propose="{%s: %s}" % (key, UNKNOWN)))
        assert ".Cm %s" % key in documented["propose"], key
        check_value("propose." + key, documented["propose"], reasons)


@test
def every_example_of_rules_and_configuration_is_accepted():
    rules = [block for block in literals(page("linnix-rules.5")) if block.startswith("- name:")]
    configs = literals(section(page("linnix.yaml.5"), "EXAMPLES"))
    assert len(rules) >= 8 and len(configs) >= 3
    for block in rules:
        assert problems("ruled", "", block) == [], block
    for block in configs:
        assert problems("enforcerd", block) == [], block


@test
def every_process_that_is_never_named_or_signalled_is_in_the_manuals():
    culprits = section(page("linnix-rules.5"), "CULPRITS")
    gates = section(page("linnix-enforcerd.8"), "GATES")
    cgroups = [name.replace("/system.slice/", "") for name in c_strings("enforcerd/gates.c", "protected_cgroups")]
    for names, text in ((c_strings("ruled/lineage.c", "MANAGERS"), culprits),
                        (c_strings("enforcerd/gates.c", "protected_comms"), gates),
                        (c_strings("enforcerd/gates.c", "login_comms"), gates),
                        (cgroups, gates)):
        missing = [name for name in names if not re.search(r"(?<![\w(*-])%s(?![\w)*-])" % re.escape(name), text)]
        assert not missing, missing


@test
def every_word_that_announces_a_secret_is_in_the_manual():
    text = section(page("linnix-collectord.8"), "DESCRIPTION").partition("Ss Secrets")[2]
    words = [word for word in c_strings("collectord/secrets.c", "secret_patterns") if not word.startswith("-")]
    missing = [word for word in words if not re.search(r"(?<![\w-])%s(?![\w-])" % re.escape(word), text)]
    assert words and not missing, missing


@test
def every_route_is_in_the_manual_with_its_parameters():
    table = re.findall(r'\{"(/[^"]*)", (\w+), \w+, ([^,]*), \w+\}', source("apid", "routes.c"))
    documented = items(section(page("linnix-apid.8"), "HTTP"), "Ic")
    assert len(table) == source("apid", "routes.c").count('{"/'), "routes.c has another form now"
    same("routes", ["%s %s" % ("POST" if method == "METHOD_POST" else "GET", path) for path, method, _ in table],
         documented)
    for path, method, params in table:
        body = documented["%s %s" % ("POST" if method == "METHOD_POST" else "GET", path)]
        names = [name.lower().partition("_of_")[0] for name in re.findall(r"PARAM_(\w+)", params)]
        stated = re.findall(r"^\.Cm (\w+)", body.partition(".Pp")[0], re.M) if "Parameter" in body else []
        same("parameters of " + path, names, stated)


@test
def every_status_code_and_metric_is_in_the_manual():
    text = page("linnix-apid.8")
    codes = re.findall(r"STATUS\((\d+),", source("apid", "counts.h"))
    same("status codes", codes + ["413"], re.findall(r"^\.It (\d+)$", section(text, "STATUS CODES"), re.M))
    same("metrics", re.findall(r'\{"(\w+)", "(?:gauge|counter)"', source("apid", "metrics.c")),
         [name.removeprefix("linnix_") for name in items(section(text, "METRICS"), "Cm")])


@test
def every_gate_state_and_kind_of_audit_line_is_in_the_manual():
    text = page("linnix-enforcerd.8")
    same("gates", re.findall(r'GATE\(\w+, "(\w+)"', source("enforcerd", "gates.h")),
         items(section(text, "GATES"), "Cm"))
    same("states", re.findall(r'\[STATUS_\w+\] = \{ ?"(\w+)"', source("enforcerd", "actions.c")),
         items(section(text, "ACTIONS"), "Cm"))
    kinds = re.findall(r'KIND\(\w+, "([A-Z-]+)", (?:\\ )?"([0-9a-f]{32})"\)', source("enforcerd", "audit_line.h"))
    same("audit lines", kinds,
         re.findall(r"^\.It Cm ([A-Z-]+) Pq ([0-9a-f]{32})$", section(text, "AUDIT"), re.M))


def verify_as_the_manual_says(data):
    recipe = [block for block in literals(section(page("linnix-enforcerd.8"), "AUDIT")) if "sha256sum" in block]
    assert len(recipe) == 1
    with tempfile.TemporaryDirectory(prefix="linnix-test-") as directory:
        with open(os.path.join(directory, "audit.jsonl"), "wb") as file:
            file.write(data)
        return subprocess.run(["sh", "-c", recipe[0]], cwd=directory, capture_output=True, text=True)


@test
def the_recipe_for_the_audit_chain_accepts_what_enforcerd_wrote_and_finds_each_change():
    with open(os.path.join(TOP, "tests", "golden", "audit", "sound.jsonl"), "rb") as file:
        sound = file.read()
    lines = sound.splitlines(keepends=True)
    last = re.search(rb'"hash":"([0-9a-f]{64})"}\n\Z', sound)[1].decode()
    done = verify_as_the_manual_says(sound)
    assert done.returncode == 0 and done.stdout == "%d lines, last hash %s\n" % (len(lines), last), done
    for number, changed in (
            (1, sound.replace(b"65534", b"65533", 1)),
            (2, lines[0] + b"".join(lines[2:])),
            (3, lines[0] + lines[1] + lines[3] + lines[2]),
            (2, lines[0] + lines[0] + b"".join(lines[1:])),
            (4, sound[:-10])):
        done = verify_as_the_manual_says(changed)
        assert done.returncode == 1 and "line %d is wrong" % number in done.stderr, (number, done)


@test
def every_page_that_is_referred_to_is_there():
    pages = {os.path.basename(path) for path in glob.glob(os.path.join(MAN, "*"))}
    assert pages >= {"linnix-%s.8" % daemon for daemon in DAEMONS} | {"linnix.1"}
    for name in pages:
        references = {"%s.%s" % found for found in re.findall(r"^\.Xr (linnix\S*) (\d)", page(name), re.M)}
        assert references <= pages, (name, references - pages)
    listed = re.findall(r"^\.Xr (linnix\S*) (\d)", section(page("linnix.7"), "SEE ALSO"), re.M)
    same("pages that linnix.7 lists", pages - {"linnix.7"}, ["%s.%s" % found for found in listed])


@test
def mandoc_has_nothing_to_say():
    if not shutil.which("mandoc"):
        raise Skip("needs mandoc")
    for path in sorted(glob.glob(os.path.join(MAN, "*"))):
        done = subprocess.run(["mandoc", "-Tlint", "-W", "warning", path], capture_output=True, text=True)
        assert done.returncode == 0 and not done.stdout and not done.stderr, done.stdout + done.stderr


if __name__ == "__main__":
    main(needs_kernel=False)
