"""The learning rate that the course trains with: up in a straight line, then down along half a cosine."""


def warmup_cosine(steps: int, peak: float, warmup: float):
    """A Keras schedule over `steps` steps: from 0 to `peak` in the share `warmup` of them, then to 0 at the last."""
    import keras

    climb = max(1, int(warmup * steps))
    return keras.optimizers.schedules.CosineDecay(0.0, max(1, steps - climb), warmup_target=peak, warmup_steps=climb)
