"""Floor 3: the plumbing of training, without any paper."""
