#!/usr/bin/env python3
"""Whether everything in a broker's store agrees. The broker does not run.

check_store.py broker.db [--empty]     --empty: nothing may wait any more
"""

import sqlite3
import sys

# What must give no row.
CHECKS = {
    "leaves are not dense": "SELECT count(*), max(id) FROM leaf HAVING count(*) <> max(id) + 1",
    "a leaf is not in the tree": "SELECT id FROM leaf WHERE id NOT IN (SELECT id FROM node WHERE id < 1 << 48)",
    "the tree has more than the leaves": "SELECT id FROM node WHERE id < 1 << 48 AND id NOT IN (SELECT id FROM leaf)",
    "positions are not dense": "SELECT org, count(*), min(position), max(position) FROM mailbox GROUP BY org"
    " HAVING count(*) <> max(position) OR min(position) <> 1",
    "a mailbox ends elsewhere than its tail says": "SELECT org, position FROM mailbox_tail t"
    " WHERE position <> (SELECT max(position) FROM mailbox m WHERE m.org = t.org)",
    "a mailbox without a tail": "SELECT org FROM mailbox WHERE org NOT IN (SELECT org FROM mailbox_tail)",
    "mail without its consignment": "SELECT org, position FROM mailbox WHERE leaf NOT IN (SELECT leaf FROM consignment)",
    "mail without its body": "SELECT org, position FROM mailbox m JOIN consignment c USING (leaf) WHERE m.settled = 0 AND c.body IS NULL",
    "mail counted with other bytes than it has": "SELECT org, position FROM mailbox m JOIN consignment c USING (leaf)"
    " WHERE c.body IS NOT NULL AND m.bytes <> length(c.manifest) + c.body_bytes",
    "consignments that wait for others than their mail": "SELECT leaf, waiting FROM consignment c"
    " WHERE waiting <> (SELECT count(*) FROM mailbox m WHERE m.leaf = c.leaf AND m.settled = 0)",
    "mailbox_use is not what waits": "SELECT org, consignor, sum(n), sum(b) FROM ("
    " SELECT org, consignor, consignments AS n, bytes AS b FROM mailbox_use UNION ALL"
    " SELECT m.org, c.consignor, -count(*), -sum(m.bytes) FROM mailbox m JOIN consignment c USING (leaf) WHERE m.settled = 0"
    " GROUP BY m.org, c.consignor) GROUP BY org, consignor HAVING sum(n) <> 0 OR sum(b) <> 0",
    "an id was accepted and refused under that attempt": "SELECT hex(r.id) FROM refusal r JOIN consignment c USING (id, consignor)"
    " WHERE r.attempt >= c.attempt",
    "settlements are not dense": "SELECT consignor, count(*), min(n), max(n) FROM settlement GROUP BY consignor"
    " HAVING count(*) <> max(n) - min(n) + 1",
    "settlements end elsewhere than their tail says": "SELECT consignor, max(s.n) FROM settlement s JOIN settlement_tail t USING (consignor)"
    " GROUP BY consignor HAVING max(s.n) <> t.n",
    "settlements out of order": "SELECT a.consignor, a.n FROM settlement a JOIN settlement b ON b.consignor = a.consignor AND b.n = a.n + 1"
    " WHERE b.leaf <= a.leaf",
}
EMPTY = {
    "mail waits": "SELECT org, position FROM mailbox WHERE settled = 0",
    "settlements wait": "SELECT consignor, n FROM settlement",
}


def main():
    db = sqlite3.connect(sys.argv[1])
    problems = [row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
    checks = CHECKS | (EMPTY if "--empty" in sys.argv else {})
    for says, query in checks.items():
        rows = db.execute(query + " LIMIT 3").fetchall()
        if rows:
            problems.append(f"{says}: {rows}")
    for problem in problems:
        print(f"the store: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
