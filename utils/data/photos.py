"""Two photographs that are always there, inside scikit-learn."""


def load_photo(name: str = "china"):
    """A photograph, uint8 (427, 640, 3): "china" (the Summer Palace) or "flower" (a dahlia).

    Licence CC BY; photographers and sources are in scikit-learn's `datasets/images/README.txt`.
    """
    from sklearn.datasets import load_sample_image

    from utils.garden.arguments import shown

    if not isinstance(name, str) or name not in ("china", "flower"):
        raise ValueError(f'there is no photo {shown(name)}: choose "china" or "flower"')
    return load_sample_image(f"{name}.jpg").copy()
