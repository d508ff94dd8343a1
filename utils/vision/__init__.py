"""Pictures under measurement: boxes, augmentation and its audit."""
