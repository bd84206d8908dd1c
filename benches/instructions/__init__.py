"""Counts of instructions, which hardly depend on what else the machine does."""
