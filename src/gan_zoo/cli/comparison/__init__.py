"""``gan-zoo compare`` and ``gan-zoo human-score``: several models under one budget, side by side on one page."""
