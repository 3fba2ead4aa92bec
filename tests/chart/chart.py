"""The chart in deploy/helm: Helm's own library lints and renders it, each object fits the schema of Kubernetes (strict: no
field that is not known), and the program takes the command of each container."""

import os
import subprocess
import sys
import tempfile

import helm_python as helm
import kubernetes_validate
import yaml

CHART = os.path.join(os.path.dirname(__file__), "../../deploy/helm/vigiles")
CONFIG = 'bus = "nats://nats:4222/city?monitor=http://nats:8222"\nstore = "postgres://vigiles@postgres/vigiles"\n'
KUBERNETES = ["1.27", kubernetes_validate.latest_version()]
LEAST = {"config": CONFIG}
MOST = {
    "existingSecret": "vigiles-toml",
    "filesSecret": "vigiles-files",
    "cityClaim": "city",
    "image": {"repository": "registry.example/vigiles", "tag": "x", "pullSecrets": ["registry"]},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "host": "vigiles.city.example",
        "deliveriesHost": "in.city.example",
        "tlsSecret": "tls",
        "annotations": {"a": "b"},
    },
    "ingest": {"replicas": 3, "service": {"type": "LoadBalancer"}},
    "nodeSelector": {"disk": "fast"},
    "tolerations": [{"key": "city", "operator": "Exists"}],
}
passed = failed = 0


def check(name, found, expected):
    global passed, failed
    if found == expected:
        passed += 1
        print(f"ok {name}")
    else:
        failed += 1
        print(f"not ok {name}: {found!r}, not {expected!r}")


def objects(values, release="city"):
    with helm.Chart.load(CHART) as chart:
        rendered = chart.render(values, name=release, namespace="vigiles")
    return [o for text in rendered.values() for o in yaml.safe_load_all(text) if o]


def kinds(found):
    return sorted(f"{o['kind']}/{o['metadata']['name']}" for o in found)


def refused(values, release="city"):
    try:
        objects(values, release)
    except helm.HelmError as error:
        return str(error)
    return "rendered"


def misfits(found, version):
    wrong = []
    for o in found:
        try:
            kubernetes_validate.validate(o, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            wrong.append(f"{o['kind']}/{o['metadata']['name']}: {error.message}")
    return wrong


def processes(found):
    return [o for o in found if o["kind"] == "StatefulSet"]


def mounts_without_volume(found):
    specs = [o["spec"]["template"]["spec"] for o in processes(found)]
    mounted = [{m["name"] for c in s["containers"] for m in c["volumeMounts"]} for s in specs]
    return [m ^ {v["name"] for v in s["volumes"]} for m, s in zip(mounted, specs) if m ^ {v["name"] for v in s["volumes"]}]


def astray(found):
    """Services and budgets that select no process."""
    labels = [o["spec"]["template"]["metadata"]["labels"] for o in processes(found)]
    selecting = [(o["metadata"]["name"], o["spec"]["selector"]) for o in found if o["kind"] in ("Service", "PodDisruptionBudget")]
    wanted = [(name, s.get("matchLabels", s)) for name, s in selecting]
    return [name for name, w in wanted if sum(w.items() <= l.items() for l in labels) != 1]


def answer(process, binary):
    """What the program says to the container's command where there is no configuration: it has understood all before that."""
    with tempfile.TemporaryDirectory() as folder:
        places = {"/etc/vigiles/": f"{folder}/none/", "/var/lib/vigiles": f"{folder}/data", "/city": folder}
        arguments = []
        for argument in process["spec"]["template"]["spec"]["containers"][0]["args"]:
            argument = argument.replace("$(POD_NAME)", f"{process['metadata']['name']}-47")
            for there, here in places.items():
                argument = argument.replace(f"={there}", f"={here}")
            arguments.append(argument)
        done = subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    return "no configuration" if done.returncode and "none/vigiles.toml" in said else said


def main(binary):
    check("it is of the program's version", helm.Chart.load(CHART).metadata["appVersion"], version(binary))
    for name, values in [("least", LEAST), ("most", MOST)]:
        report = helm.lint(CHART, values, strict=True)
        complaints = [m for m in report["messages"] if m["severity"] > 1]
        check(f"helm lints it, {name}", (complaints, report["errors"]), ([], []))
        found = objects(values)
        for kubernetes in KUBERNETES:
            check(f"Kubernetes {kubernetes} knows it, {name}", misfits(found, kubernetes), [])
        check(f"mounts have their volumes, {name}", mounts_without_volume(found), [])
        check(f"services find their processes, {name}", astray(found), [])
        for process in processes(found):
            check(f"the program takes {process['metadata']['name']}, {name}", answer(process, binary), "no configuration")
    roles = ["city-api", "city-engine", "city-ingest"]
    every = [f"{kind}/{role}" for kind in ("PodDisruptionBudget", "Service", "StatefulSet") for role in roles]
    check("what there is, least", kinds(objects(LEAST)), sorted([*every, "Secret/city"]))
    check("what there is, most", kinds(objects(MOST)), sorted([*every, "Ingress/city"]))
    secret = next(o for o in objects(LEAST) if o["kind"] == "Secret")
    check("the configuration as it was written", secret["stringData"]["vigiles.toml"], CONFIG)
    for name, values, release, words in [
        ("no configuration", {}, "city", "set config"),
        ("two configurations", {**LEAST, "existingSecret": "x"}, "city", "has one place"),
        ("a long name", LEAST, "c" * 23, "longer than 22 characters"),
        ("an unknown word", {**LEAST, "replica": 2}, "city", "replica"),
        ("more doors than there may be", {**LEAST, "api": {"replicas": 47}}, "city", "more than 48 together"),
        ("an ingress without a host", {**LEAST, "ingress": {"enabled": True}}, "city", "host"),
    ]:
        said = refused(values, release)
        check(f"refused: {name}", said if words not in said else words, words)
    print(f"chart: {passed} passed, {failed} failed")
    return failed


def version(binary):
    return subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]


sys.exit(1 if main(sys.argv[1]) else 0)
