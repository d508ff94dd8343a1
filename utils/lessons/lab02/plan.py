"""Lab 02's settings: what it trains, for how long, on all 70,000 digits or on the 5,000 that need no network connection."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """The settings of one run of the lab. Where there are few digits an epoch is short, so there are more of them."""

    data: str  # in words, as `results.on` is told
    epochs: int  # of a ConvNet; an MLP gets three times as many
    batch_size: int
    measurements: int  # of the test accuracy, an epoch, for the learning curves
    control_seeds: tuple[int, ...]  # a few test digits tell little, so there each control runs twice
    lenet_epochs: int
    champion_epochs: int
    sprint_epochs: int
    sprint_batch: int
    target: float  # accuracy, as a fraction, that the challenge's second line asks for
    seeds: tuple[int, ...] = (0, 1, 2)

    @property
    def mlp_epochs(self) -> int:
        return 3 * self.epochs


ALL_DIGITS = Plan(
    data="all digits",
    epochs=1,
    batch_size=128,
    measurements=5,
    control_seeds=(0,),
    lenet_epochs=1,
    champion_epochs=8,
    sprint_epochs=2,
    sprint_batch=256,
    target=0.99,
)
FEW_DIGITS = Plan(
    data="5,000 digits",
    epochs=3,
    batch_size=64,
    measurements=2,
    control_seeds=(0, 1),
    lenet_epochs=2,
    champion_epochs=10,
    sprint_epochs=4,
    sprint_batch=128,
    target=0.95,
)
