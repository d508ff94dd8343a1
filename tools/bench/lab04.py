"""How fast the lecture's augmentation runs: Keras layers in tf.data against ImageDataGenerator, at two sizes."""

from utils import augment


def measure(sizes: tuple[int, ...] = (64, 224), at_least: float = 3.0) -> dict[str, float]:
    """{name: images per second} for `make bench`, each measured for `at_least` seconds, and their ratios."""
    found = {}
    for size in sizes:
        rates = augment.speeds(size, at_least=at_least)
        found |= {f"{name}, {size} px: images a second": rate for name, rate in rates.items()}
        found[f"Keras layers over ImageDataGenerator, {size} px"] = rates["Keras layers in tf.data"] / rates["ImageDataGenerator"]
    return found


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:60s} {value:8.1f}")
