"""A small debt-negotiation service, the system that the bundled suite drills: an API, the credit bureau it asks, a ledger it writes to.

It knows nothing of firedrill, and runs alone: `python -m demo`.
"""
