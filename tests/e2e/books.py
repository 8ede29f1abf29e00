"""The books of a drill: a tenant's records as they come, held against what its clients were told (load.py). Standard library
only.
"""

import collections
import decimal
import json


def records_of(service, key, after=0):
    """The tenant's usage records behind number `after`."""
    records = []
    while True:
        page = service.request("GET", f"/api/v1/usage?after={after}&limit=1000", key=key,
                               headers={"Accept": "application/jsonl"})
        lines = [json.loads(line) for line in page.decode().splitlines() if line]
        if not lines:
            return records
        records += lines
        after = lines[-1]["sequence"]


class Books:
    """The tenant's records as they come, and what has to hold whenever no request is on its way."""

    def __init__(self, service, key, deposit, sql):
        self.service, self.key, self.deposit = service, key, decimal.Decimal(deposit)
        self.sql = sql  # runs a query on the store itself, beside the service: a list of whole numbers
        self.after, self.spent = 0, decimal.Decimal(0)
        self.prices, self.charges, self.doubled = {}, collections.Counter(), 0
        self.paid_failures, self.checked, self.checks = 0, 0, 0

    def read(self):
        for record in records_of(self.service, self.key, self.after):
            self.after = record["sequence"]
            price = decimal.Decimal(record["price_nano"]).scaleb(-9)
            self.spent += price
            if "status" in record:  # held and then failed: it costs nothing
                self.paid_failures += price != 0
            elif record["kind"] == "work":
                self.charges[record["request"]] += 1
                self.doubled += self.charges[record["request"]] == 2
                self.prices[record["request"]] = price

    def check(self, load):
        """Of all answers since the last check. Each thing that doesn't hold is a line in load.wrong."""
        for _ in range(3):  # a lease may be charged between the two looks
            self.read()
            balance = self.service.json("GET", "/api/v1/balance", key=self.key)
            if decimal.Decimal(balance["spent"]) == self.spent:
                break
        new = load.names[self.checked:]
        self.checked, self.checks = len(load.names), self.checks + 1
        uncharged = sum(name not in self.prices for name in new)
        other = sum(self.prices.get(name, load.told[name].price) != load.told[name].price for name in new)
        total = decimal.Decimal(balance["balance"]) + decimal.Decimal(balance["spent"])
        ledger = self.sql("SELECT coalesce(sum(amount), 0) FROM entries")[0]
        held = self.sql("SELECT count(*) FROM holds WHERE lease = 0")[0]
        for what, wrong in [("answers without a charge", uncharged), ("charges of another price than told", other),
                            ("requests charged twice", self.doubled), ("failures that cost something", self.paid_failures),
                            ("lost or made money", total - self.deposit),
                            ("spent beside the records", decimal.Decimal(balance["spent"]) - self.spent),
                            ("the ledger's sum", ledger), ("holds that nobody waits for", held)]:
            if wrong:
                load.blame(f"check {self.checks}: {what}: {wrong}")

    def report(self, load):
        counts = load.counts
        repeats = {"at once": counts["twin"], "in the same life": counts["now"], "in a later life": counts["later"],
                   "after a break": counts["cut"]}
        again, sent = sum(repeats.values()), sum(repeats.values()) + counts["new"] + counts["other"]
        print(f"{sent} requests, {100 * again / max(sent, 1):.1f} % of them sent before: " +
              ", ".join(f"{count} {how}" for how, count in repeats.items()) +
              f"; {counts['waits']} more tries after a refusal")
        print(f"{len(load.told)} answered, {counts['compared']} second answers the first one byte for byte; "
              f"{counts['other refused']} ids with another body refused (409)")
        print(f"{len(self.prices)} charged, {self.checks} checks: acknowledged but uncharged 0, doubled {self.doubled}, "
              f"ledger sum 0" if not load.wrong else f"{len(load.wrong)} things don't hold")
        for reason, count in load.reasons.most_common(8):
            print(f"  {count} times {reason}")
