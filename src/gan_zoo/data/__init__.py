"""Images into batches: reading, preprocessing, layouts, samplers, the datamodule, the registry of data sets. Knows no
model."""
