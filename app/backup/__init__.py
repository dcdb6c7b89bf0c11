"""One file that holds an office: database, evidence files, keys, and a manifest that says what must be in it."""
