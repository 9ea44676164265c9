"""Floor 0: single ideas in plain PyTorch."""
