"""Documents in and out: plans are read into drafts, lists and letters are written."""
