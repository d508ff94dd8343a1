"""Numbers that are only bounds, and say so wherever they are printed: "at least 65536", "at most 12".

They compute like any number; a result of arithmetic is a plain number again.
"""


class _Bound:
    """What the bounds below share: `number` is the plain type, `word` what stands in front."""

    number: type
    word: str

    def __format__(self, specification: str) -> str:
        return f"{self.word} {self.number(self):{specification}}"

    def __str__(self) -> str:
        return format(self)

    __repr__ = __str__

    def __reduce__(self):
        return type(self), (self.number(self),)


class AtLeast(_Bound, int):
    """A whole number that the right one may exceed."""

    number, word = int, "at least"


class AtLeastBytes(_Bound, float):
    """Bytes that the right number may exceed."""

    number, word = float, "at least"


class AtMost(_Bound, int):
    """A whole number that the right one may fall below."""

    number, word = int, "at most"
