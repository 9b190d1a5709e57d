"""Gradual rollout: each limit and option is on, off, or only observed. From code, a session's TOML, or the environment.

A word that is no word, or a name that is no feature, refuses to start. What the environment turns off is warned about.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from .codes import LimitMode, Rule
from .nearest import find_nearest
from .records import LIMIT_OFF
from .rules import NEVER_OBSERVED, find_rule

VARIABLE = "TRADECORE_FEATURES"
# What is not a limit: its words, the first of which it has where nothing is said.
OPTIONS = {"stage_timers": ("off", "on")}
RULES = tuple(rule.name.lower() for rule in Rule)


class Feature(Enum):
    """ON enforces, OFF leaves out, OBSERVE evaluates and reports (RISK_OBSERVED) but never refuses."""

    ON = "on"
    OFF = "off"
    OBSERVE = "observe"


class Features(Mapping[str, Feature]):
    """The features of one core: `Features(max_order_qty="observe", stage_timers="on")`; what is not named is as usual.

    Names: those of Rule, max_order_qty, price_collar, order_rate and so on (on, off, observe), and
    stage_timers (on, off: whether a batch fills `latency()`). They apply to limits that are set after. A limit that
    is off or observed protects nobody: the engagement of a kill switch, duplicate ids, and arithmetic are no features,
    nor is what else `vocabulary.rules.NEVER_OBSERVED` names with the reason why.
    """

    def __init__(self, **words: str | bool | Feature) -> None:
        known = dict.fromkeys(RULES, Feature.ON) | {name: Feature(words[0]) for name, words in OPTIONS.items()}
        for name, word in words.items():
            if name not in known and name.upper() in NEVER_OBSERVED:
                raise ValueError(f"feature {name!r} is always enforced: {NEVER_OBSERVED[name.upper()]}")
            if name not in known:
                near = find_nearest(name, known)
                raise ValueError(f"feature {name!r} is not known; the nearest known one is {near!r}")
            known[name] = _parse(name, word)
        self._words = known

    @classmethod
    def of(cls, features: Features | None) -> Features:
        """These, or where there are none, those of the environment."""
        if not isinstance(features, (Features, type(None))):
            raise TypeError(f"features must be Features, not {type(features).__name__}")
        return cls.from_environment() if features is None else features

    @classmethod
    def from_environment(cls, text: str | None = None) -> Features:
        """Read `name=word,name=word` from TRADECORE_FEATURES, or from `text`. Warns of limits that are not enforced."""
        given = os.environ.get(VARIABLE, "") if text is None else text
        words: dict[str, str] = {}
        for part in filter(None, (part.strip() for part in given.split(","))):
            name, separator, word = (piece.strip() for piece in part.partition("="))
            if not separator or name in words:
                raise ValueError(f"{VARIABLE}: {part!r} is not one `name=word`, each name once, separated by commas")
            words[name] = word
        try:
            features = cls(**words)
        except ValueError as error:
            raise ValueError(f"{VARIABLE}: {error}") from None
        if features.not_enforced:
            warnings.warn(f"{VARIABLE}: these limits are not enforced: {', '.join(features.not_enforced)}",
                          RuntimeWarning, stacklevel=3)
        return features

    @property
    def not_enforced(self) -> tuple[str, ...]:
        """The limits that refuse nothing, with their words."""
        return tuple(f"{name}={self[name].value}" for name in RULES if self[name] is not Feature.ON)

    @property
    def stage_timers(self) -> bool:
        """Whether every batch fills `latency()`."""
        return self["stage_timers"] is Feature.ON

    def apply(self, rows: Iterable[tuple[Rule, int, int]]) -> Iterator[dict[str, int]]:
        """The fields of the SET_LIMIT commands for (rule, value, window) rows."""
        for rule, value, window in rows:
            word = self[rule.name.lower()]
            mode = LimitMode.OBSERVE if word is Feature.OBSERVE else LimitMode.ENFORCE
            yield {"rule": int(rule), "value": LIMIT_OFF if word is Feature.OFF else value, "window_ns": window,
                   "mode": int(mode)}

    def __getitem__(self, name: str) -> Feature:
        return self._words[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)

    def __repr__(self) -> str:
        return f"Features({', '.join(f'{name}={word.value!r}' for name, word in self._words.items())})"


def _parse(name: str, word: object) -> Feature:
    """TOML has true and false; anything that is not exactly a word is refused."""
    words = OPTIONS.get(name, ("on", "off", "observe"))
    value = ("off", "on")[word] if isinstance(word, bool) else word.value if isinstance(word, Feature) else word
    if value not in words:
        raise ValueError(f"feature {name} must be one of {', '.join(sorted(words))}, not {word!r}")
    if value == Feature.OBSERVE.value and name in RULES and not find_rule(name).is_observable:
        raise ValueError(f"feature {name} can't be only observed: {NEVER_OBSERVED[name.upper()]}")
    return Feature(value)
