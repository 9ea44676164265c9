"""Measuring models: who is asked for what, in batches, on all ranks, and what is kept of real pictures."""
