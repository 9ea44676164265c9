"""Floor 2: named formulas, pure functions of tensors."""
