"""The learning rate that the course trains with: up in a straight line, then down along half a cosine."""

from ..garden.arguments import shown, whole_number


def warmup_cosine(steps: int, peak: float, warmup: float):
    """A Keras schedule over `steps` steps: from 0 to `peak` in the share `warmup` of them, then to 0 at the last.

    Raises ValueError when `steps` is no whole number from 1 on, `peak` is negative or `warmup` not between 0 and 1.
    """
    import keras

    steps = whole_number("steps", steps, 1, 1000)
    for name, value, most in (("peak", peak, float("inf")), ("warmup", warmup, 1)):
        if isinstance(value, (bool, str)) or not 0 <= value <= most or value == float("inf"):
            span = "from 0 to 1, a share of the steps" if most == 1 else "from 0 on, the highest learning rate"
            raise ValueError(f"{name} must be a number {span}, not {shown(value)}.")
    climb = max(1, int(warmup * steps))
    return keras.optimizers.schedules.CosineDecay(0.0, max(1, steps - climb), warmup_target=peak, warmup_steps=climb)
