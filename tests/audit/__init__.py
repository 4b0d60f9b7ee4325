"""The audit for those who live in pytest: `pytest tests/audit --tenant olpe`. The checks are einklang's own."""
