"""A run from plan to report: ledger, spool, plan, lane, settle, worker."""
