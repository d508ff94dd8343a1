"""Pictures under measurement: boxes, what a detector finds and how good that is, augmentation and its audit."""
