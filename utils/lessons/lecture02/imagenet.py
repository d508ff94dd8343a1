"""A published table of 29 ImageNet classifiers, as it is printed, errors included."""

# model, parameters in millions, extra training data, top-1 %, top-5 %, accuracy on the ReaL labels %; "-" is not reported.
_ROWS = """\
ResNet-50, 26, -, 76.0, 93.0, 82.94
ResNet-152, 60, -, 77.8, 93.8, 84.79
DenseNet-264, 34, -, 77.9, 93.9, -
Inception-v3, 24, -, 78.8, 94.4, 83.58
Xception, 23, -, 79.0, 94.5, -
Inception-v4, 48, -, 80.0, 95.0, -
Inception-resnet-v2, 56, -, 80.1, 95.1, -
ResNeXt-101, 84, -, 80.9, 95.6, 85.18
PolyNet, 92, -, 81.3, 95.8, -
SENet, 146, -, 82.7, 96.2, -
NASNet-A, 89, -, 82.7, 96.2, 82.56
AmoebaNet-A, 87, -, 82.8, 96.1, -
PNASNet, 86, -, 82.9, 96.2, -
AmoebaNet-C + AutoAugment, 155, -, 83.5, 96.5, -
GPipe, 557, -, 84.3, 97.0, -
EfficientNet-B7, 66, -, 85.0, 97.2, -
EfficientNet-B7 + FixRes, 66, -, 85.3, 97.4, -
EfficientNet-L2, 480, -, 85.5, 97.5, -
ResNet-50 Billion-scale SSL, 26, Instagram, 81.2, 96.0, -
ResNeXt-101 Billion-scale SSL, 193, Instagram, 84.8, -, -
ResNeXt-101 WSL, 829, Instagram, 85.4, 97.6, 88.19
FixRes ResNeXt-101 WSL, 829, Instagram, 86.4, 98.0, 89.73
Big Transfer (BiT-L), 928, JFT, 87.5, 98.5, 90.54
Noisy Student (EfficientNet-L2), 480, JFT, 88.4, 98.7, 90.55
Noisy Student + FixRes, 480, JFT, 88.5, 98.7, -
Vision Transformer (ViT-H), 632, JFT, 88.55, -, 90.72
EfficientNet-L2-NoisyStudent + SAM, 480, JFT, 88.6, 98.6, -
Meta Pseudo Labels (EfficientNet-B6-Wide), 390, JFT, 90.0, 98.7, 91.12
Meta Pseudo Labels (EfficientNet-L2), 480, JFT, 90.2, 98.8, 91.02
"""


def table():
    """The table as a pandas DataFrame: model, parameters (millions), extra (bool), top1, top5, real (%, NaN: not reported).

    Source: Pham, Dai, Xie, Luong and Le, "Meta Pseudo Labels" (2021), the comparison with earlier models. ReaL are the
    labels of the validation set made anew by Beyer and others (2020).
    """
    import pandas as pd

    rows = [[entry.strip() for entry in line.split(",")] for line in _ROWS.strip().splitlines()]
    columns = {"model": [row[0] for row in rows], "extra": [row[2] != "-" for row in rows]}
    for name, place in (("parameters", 1), ("top1", 3), ("top5", 4), ("real", 5)):
        columns[name] = [float(row[place]) if row[place] != "-" else float("nan") for row in rows]
    return pd.DataFrame(columns)
