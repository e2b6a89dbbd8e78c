"""Measures a grouping of articles against a judged one: B-cubed precision, recall and F1, and the pairs that went wrong.

B-cubed (Bagga and Baldwin 1998) in the form for overlapping classes (Amigo et al. 2009), as an article can report
several events of a type: the precision of two items that the system put together is what share of that was right,
min(shared groups, shared events) / shared groups; recall likewise over the pairs that belong together. Both are
averaged over each item's pairs, itself among them, then over the items.
"""

from collections.abc import Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class BCubed:
    """Averages over the items."""

    precision: float
    recall: float
    items: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def bcubed(found: Mapping[Item, Hashable], judged: Mapping[Item, AbstractSet[str]]) -> BCubed:
    """Measure groups (`found`: item to group) against events (`judged`: item to the events that it reports).

    Both must hold the same items, at least one.
    """
    by_group: dict[Hashable, list[Item]] = {}
    by_event: dict[str, list[Item]] = {}
    for item, group in found.items():
        by_group.setdefault(group, []).append(item)
        for event in judged[item]:
            by_event.setdefault(event, []).append(item)
    precision = recall = 0.0
    for item, group in found.items():
        together = by_group[group]
        precision += sum(bool(judged[item] & judged[other]) for other in together) / len(together)
        related = {other for event in judged[item] for other in by_event[event]}
        recall += sum(
            min(1, len(judged[item] & judged[other])) / len(judged[item] & judged[other])
            for other in related
            if found[other] == group
        ) / len(related)
    return BCubed(precision=precision / len(found), recall=recall / len(found), items=len(found))


def wrong_pairs(
    found: Mapping[Item, Hashable], judged: Mapping[Item, AbstractSet[str]]
) -> tuple[list[tuple[Item, Item]], list[tuple[Item, Item]]]:
    """Return the pairs that were put together and should not, and those that should be together and are not."""
    merged: list[tuple[Item, Item]] = []
    parted: list[tuple[Item, Item]] = []
    items: Sequence[Item] = list(found)
    for number, one in enumerate(items):
        for other in items[number + 1 :]:
            same = bool(judged[one] & judged[other])
            if found[one] == found[other] and not same:
                merged.append((one, other))
            elif found[one] != found[other] and same:
                parted.append((one, other))
    return merged, parted
