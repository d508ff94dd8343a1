"""What the walk through a model records: tensors, and the steps that make them."""

import math
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Tensor:
    """What flows between two layers, for one example: `shape` begins with the batch axis, which is 1.

    Inside a recurrent or time-distributed layer the time steps take the place of the batch. `steps` is their number where
    they are computed one after another, so that a prediction holds only one of them at a time; otherwise 1.
    """

    shape: tuple[int | None, ...]
    dtype: str
    steps: int = 1

    @property
    def size(self) -> int | None:
        """Values in one example, or None when an axis is unknown."""
        return None if None in self.shape else math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Step:
    """One use of one layer or operation.

    `variables` are the weights that it uses, `arguments` what it was called with besides tensors. Steps with the same `group`
    belong to one layer that was opened, and share a row of the ledger.
    """

    name: str
    operation: object
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    variables: tuple = ()
    arguments: tuple = ((), {})
    group: "Group | None" = None
    hidden_weights: bool = False  # uses weights of its layer in a form in which they cannot be recognized
    more_in_training: bool = False  # its layer computes something else besides while it trains

    @property
    def trains(self) -> bool:
        """True when training changes some weight of the step."""
        return self.hidden_weights or any(v.trainable for v in self.variables)


@dataclass(frozen=True, eq=False)
class Group:
    """A layer that was opened and has one row all the same, like attention or an LSTM."""

    name: str
    layer: object


@dataclass(frozen=True)
class Part:
    """A piece of a layer that is no operation of Keras: `kind` is the name under which the rules know it."""

    kind: str
    weights: tuple = ()


@dataclass
class Trace:
    """The steps of a model in the order of execution, and all its variables."""

    inputs: list[tuple[str, Tensor]]
    steps: list[Step] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    variables: tuple = ()
    notes: dict[str, str] = field(default_factory=dict)  # what a reader should know about an inner model, by its name
