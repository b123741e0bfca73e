"""From files to batches: layouts, decoding, the pack, the split, augmentation, generated faces."""
