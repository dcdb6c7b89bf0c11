"""The exchange shapes: what a plan and a register of departments look like outside the tables."""
