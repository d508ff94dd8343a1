"""How fast the lecture's augmentation runs: ImageDataGenerator against the same as Keras layers in tf.data, at two sizes."""

from utils import augment


def measure(sizes: tuple[int, ...] = (64, 224), at_least: float = 3.0) -> dict[str, float]:
    """{name: images per second} for `make bench`, each measured for `at_least` seconds."""
    return {
        f"{name}, {size} px: images a second": rate
        for size in sizes
        for name, rate in augment.speeds(size, at_least=at_least).items()
    }


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:60s} {value:8.1f}")
