"""The first data: real plans, their departments, and a demonstration history."""
