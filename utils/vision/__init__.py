"""Pictures under measurement: augmentation and its audit."""
