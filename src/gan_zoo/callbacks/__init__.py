"""What happens around training: checkpoints, pictures, pages, numbers. Models are asked, they never push."""
