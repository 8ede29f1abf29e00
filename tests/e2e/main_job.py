#!/usr/bin/python3
"""main_job.py BINARY MODEL.onnx PHOTO FOLDER

The main job in small, through the command line, as scripts/demo.sh tells it: quantise, serve, upload, quote, lease, deploy,
infer, the same on another chip, kill and restart, invoice, verify, forge. MODEL is a classifier that is quick to compile.
Each check is a line of assert; exit code 0 if all hold.
"""

import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from service import Service  # noqa: E402

UNAUTHENTICATED, NOT_FOUND = 4, 6  # docs/adr/0001-errors.md


def rent(service, key, offer, name, model, photo, folder):
    """Quote, lease, deploy, infer on one chip; the receipt and the file of the outputs."""
    quote = service.cli("quote", "infer", "--model", model, "--offer", offer, key=key)
    lease = service.cli("lease", "create", offer, "--seconds", "600", key=key)["id"]
    service.cli("endpoint", "create", name, "--model", model, "--lease", lease, key=key)
    output = os.path.join(folder, name + ".npz")
    answer = service.cli("infer", name, "--input", photo, "--id", "first-" + name, "--output", output, key=key)
    receipt = answer["answers"][0]["parameters"]
    assert Decimal(receipt["price"]) == Decimal(quote["price"]), (receipt, quote)
    assert receipt["cycles"] == quote["cycles"], (receipt, quote)
    assert len(answer["answers"][0]["top_k"]) == 5
    with open(output, "rb") as file:
        return lease, receipt, file.read()


def run_locally(binary, model, photo, chip, cores):
    done = subprocess.run([binary, "run", model, "--chip", chip, "--cores", cores, "--input", photo, "--json"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def verify(binary, folder, invoice):
    return subprocess.run([binary, "verify", os.path.join(folder, invoice), "--records",
                           os.path.join(folder, "records.jsonl"), "--prices", os.path.join(folder, "prices.toml")],
                          capture_output=True, text=True, check=False)


def forge(folder, change):
    """Writes forged.json: the invoice with one number changed."""
    with open(os.path.join(folder, "invoice.json"), encoding="utf-8") as file:
        invoice = json.load(file)
    change(invoice)
    with open(os.path.join(folder, "forged.json"), "w", encoding="utf-8") as file:
        json.dump(invoice, file, indent=2)


def main(binary, model, photo, folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "photos"))
    shutil.copy(photo, os.path.join(folder, "photos"))
    int8 = os.path.join(folder, "int8.onnx")
    subprocess.run([binary, "quantize", model, "--calibrate", os.path.join(folder, "photos"), "--output", int8], check=True)

    service = Service(binary, os.path.join(folder, "data"), os.path.join(folder, "service.log"))
    service.start()
    tenant = service.cli("tenant", "create", "acme", "--deposit", "10", "--with-key", "--data", service.data)
    key = tenant["key"]["secret"]
    model_id = service.cli("model", "upload", int8, key=key)["id"]

    # Two chips: the same bytes, other cycles.
    host_lease, on_host, host_bytes = rent(service, key, "host.1.on_demand", "small", model_id, photo, folder)
    other_lease, on_other, other_bytes = rent(service, key, "hanguang800.1.on_demand", "small-2", model_id, photo, folder)
    assert host_bytes == other_bytes
    assert on_host["cycles"] != on_other["cycles"]
    local = run_locally(binary, int8, photo, "host", "1")
    assert local["cycles"] == on_host["cycles"], (local["cycles"], on_host)

    # Refusals have their own exit codes: an unknown key, an unknown endpoint.
    assert service.cli("balance", key="chg_" + "0" * 40, expect=UNAUTHENTICATED).startswith("chengying: ")
    assert service.cli("infer", "nothing", "--input", photo, key=key, expect=NOT_FOUND).startswith("chengying: ")
    spent = service.cli("balance", key=key)["spent"]

    # Killed and started again: everything is there, and the same id is charged once.
    service.kill()
    service.start()
    again = None
    while again is None:
        try:
            again = service.cli("infer", "small", "--input", photo, "--id", "first-small", key=key)
        except AssertionError:  # the endpoint is being loaded again
            pass
    assert again["answers"][0]["parameters"]["already_charged"] is True
    assert service.cli("balance", key=key)["spent"] == spent

    for lease in (host_lease, other_lease):
        service.cli("lease", "release", lease, key=key)
    service.cli("invoice", "create", "--output", os.path.join(folder, "invoice.json"), "--records",
                os.path.join(folder, "records.jsonl"), "--prices", os.path.join(folder, "prices.toml"), key=key)
    assert service.stop() == 0
    # The operator's commands work without a running service too, and print one document.
    assert [one["name"] for one in service.cli("tenant", "list", "--data", service.data)["tenants"]] == ["operator", "acme"]

    done = verify(binary, folder, "invoice.json")
    assert done.returncode == 0, done.stderr
    forge(folder, lambda invoice: invoice.update(total_micro=invoice["total_micro"] + 1))
    assert verify(binary, folder, "forged.json").returncode != 0
    print(f"main job: {on_host['cycles']} cycles on host, {on_other['cycles']} on hanguang800, the same bytes; "
          f"{done.stdout.strip()}")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
