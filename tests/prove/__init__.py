"""The promises of docs/proofs.md, each put to the test: `make prove-webhooks`, `make prove-routing`, …

A proof drives the real product, then judges what is left in the database and in the carrier's own books by
code that imports none of what it judges. Every proof has mutants: small faults planted in the product, which
must turn it red. The suite runs each at a small size, mutants included.
"""
