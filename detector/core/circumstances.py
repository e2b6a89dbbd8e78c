"""Names the circumstances of a trigger word: which classes of words stand around it, and which are missing.

"Troops killed 40 villagers", "an avalanche killed 40 villagers" and "troops killed 40 rebels" share nearly all their words.
What sets them apart is who, whom and by what, and no sum over single words can weigh that. A circumstance is therefore tied
to the kind of trigger: `KILLING&armed`, `KILLING!civil` (no civilian word near), and a few that join several classes. Which of
them speak for an event is learnt.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final

REACH: Final = 12
"""Words on each side of a trigger in which a class is looked for."""

NEAR: Final = (6, 3)
"""Words before and after a trigger in which a negation or condition is looked for: farther off it is about something else."""

AFTER: Final = 10
"""Words after a word of support in which its object is looked for."""

_CLASSES: Final[Mapping[str, str]] = {
    "armed": (
        "army armies troops soldiers soldier military forces militia militias militiamen militants militant "
        "rebels rebel guerrillas guerrilla insurgents insurgent fighters gunmen gunman junta regime "
        "paramilitary paramilitaries navy marines jets jet warplanes warplane helicopter helicopters gunships "
        "artillery tanks snipers sniper police security isis isil taliban qaeda jihadists jihadist extremists "
        "separatists terrorists terrorist bomber bombers suicide commandos warlords warlord cartel gang gangs "
        "government govt israel israeli russian russia syrian assad hamas hezbollah houthi houthis boko "
        "shabaab factions faction tribal hutu serb serbs idf"
    ),
    "civil": (
        "civilians civilian people villagers villager residents women children child woman students student "
        "pupils schoolchildren worshippers worshipers pilgrims passengers commuters shoppers patients "
        "families family refugees refugee mourners protesters demonstrators detainees prisoners prisoner "
        "captives hostages journalists journalist doctors nurses aid workers migrants farmers labourers "
        "laborers tourists homes houses hospital hospitals school schools market markets mosque church "
        "synagogue temple bus camp camps wedding funeral unarmed innocent men boys girls babies elderly "
        "believers christians muslims jews yazidis"
    ),
    "fighter": (
        "soldiers soldier troops fighters fighter rebels militants militant insurgents insurgent gunmen "
        "guerrillas combatants commandos officers officer policemen troopers sailors crewmen marines "
        "commanders commander recruits"
    ),
    "accident": (
        "accident accidents crash crashed collapse collapsed collapses avalanche landslide earthquake quake "
        "flood floods storm hurricane tornado cyclone typhoon wildfire fire leak leaking lightning derailed "
        "derailment capsized drowned stampede crush scaffold bridge train ferry plane airliner bus truck "
        "lorry driver driven mudslide heatwave disease virus outbreak cholera flu cancer overdose"
    ),
    "crime": (
        "husband wife boyfriend girlfriend robbers robber robbery burglar cartel cartels dealers feud drunken "
        "drunk jealous relatives brother sister neighbour neighbor dismissed fired coworker coworkers"
    ),
    "animal": (
        "whales whale elephants elephant cattle cows sheep pigs dogs dog wolves wolf birds chickens poultry "
        "seals dolphins deer lions trees crops"
    ),
    "cruelty": (
        "massacre massacres massacred genocide genocidal atrocity atrocities slaughter slaughtered "
        "slaughtering torture tortured torturing beheaded beheading beheadings execution executions executed "
        "ethnic cleansing rape raped raping starvation starving chemical sarin chlorine humanity mass graves "
        "grave barrel cluster"
    ),
    "danger": (
        "fire fires wildfire wildfires blaze flames flood floods flooding flooded storm storms hurricane "
        "typhoon cyclone tornado volcano volcanic eruption lava ash quake earthquake tsunami landslide "
        "avalanche dam levee leak leaking gas chemical toxic explosion bomb bombs bombing shelling fighting "
        "war siege besieged attack attacks offensive threat danger rocket rockets missiles nuclear radiation "
        "epidemic outbreak ebola virus threatened gunfire clashes violence surrounded encircled enclave "
        "crossfire collapse collapsing"
    ),
    "authority": (
        "government ministry minister president mayor governor officials official authorities police army "
        "military council county state united nations un security cross crescent envoy mediator mediators "
        "embassy sheriff department firefighters fire brigade coastguard coast guard command commander "
        "service services rescuers troops union league ministers leaders king prime"
    ),
    "victim": (
        "victims victim survivors survivor hostages hostage families family refugees refugee killed dead "
        "slain murdered wounded injured bombed attacked attack attacks massacre shooting shootings bombing "
        "bombings earthquake quake flood floods tsunami hurricane typhoon cyclone disaster famine hungry "
        "starving war violence terror terrorism persecuted persecution oppressed disappeared missing detained "
        "jailed imprisoned prisoners tortured beaten raped abused abuse syria syrian aleppo ukraine "
        "palestinians palestinian gaza muslims jews jewish christians migrants asylum immigrants minorities "
        "mourners mourn mourning lost lives tragedy crash brutality racism hate women people stricken "
        "displaced besieged orphans"
    ),
    "politics": (
        "candidate candidates campaign election elections vote votes voters democrats republicans democrat "
        "republican clinton trump sanders obama party tax taxes budget bill senate congress nominee "
        "convention caucus primary referendum"
    ),
    "labour": (
        "pay wages wage strike strikers raise pension pensions contract salary salaries employers union "
        "unions railwaymen layoffs jobs"
    ),
    "screen": (
        "film films movie movies novel novels theater theatre drama documentary actor actress exhibition "
        "opera musical episode season series sequel fiction thriller album song songs lyrics memoir poem "
        "poems sculpture painting canvas game games gamer player players reviewer critic critics stage scene "
        "scenes plot character characters play netflix tv television"
    ),
    "sport": (
        "match league coach striker goal goals innings wicket playoffs playoff quarterback championship "
        "tournament cup season scored inning fans stadium club clubs team teams squad"
    ),
    "trade": (
        "tariff tariffs price prices stocks shares investors market supermarket supermarkets airline airlines "
        "company companies firm firms merger takeover patent smartphone apps app trade traders"
    ),
    "past": (
        "decades decade ago century anniversary commemorate commemorated commemorates commemorating memorial "
        "historian historians history historic founded memories remembered archives archive back"
    ),
    "condition": (
        "if unless whether would could might may scenario suppose supposing imagine imaginary imagined "
        "hypothetical hypothetically were assume assumed assuming potential possible possibly should ever "
        "plans plan planning simulation exercise drill"
    ),
    "negation": (
        "no not never neither nor none nobody without cannot deny denies denied refuse refused refuses "
        "declined failed fails unable averted avoided prevent prevented unlikely false hoax mention"
    ),
    "crowd": (
        "protesters demonstrators crowd students fans activists petition columnist editorial writer actor "
        "actress singer candidate readers blogger celebrities celebrity nurses teachers letter club banner "
        "chanting chanted placards"
    ),
    "attribution": (
        "alleged allegedly accused accuses accusing claimed claims claim according activists witnesses "
        "witness says said"
    ),
    "court": (
        "trial court courts tribunal judge judges jury sentenced convicted verdict guilty prosecutors "
        "prosecutor appeal testimony testified charged"
    ),
    "toll": "#5-9 #10-99 #100-999 #1000+",
    "few": "#1 #2-4",
    "year": "#year",
    "now": "#weekday today yesterday tonight overnight",
}


def _index() -> Mapping[str, tuple[str, ...]]:
    classes: dict[str, list[str]] = {}
    for name, members in _CLASSES.items():
        for word in members.split():
            classes.setdefault(word, []).append(name)
    return {word: tuple(names) for word, names in classes.items()}


_INDEX: Final = _index()
_WIDE: Final = frozenset(("screen", "sport", "trade", "past", "politics", "labour", "court", "condition"))
"""Classes that colour a whole sentence wherever they stand in it."""

_CLOSE: Final = frozenset(("negation", "condition"))
_OF_SUPPORT: Final = frozenset(
    ("victim", "politics", "labour", "sport", "screen", "negation", "condition", "past", "year")
)
_EXPECTED: Final[Mapping[str, tuple[str, ...]]] = {
    "KILLING": ("civil", "fighter", "armed", "toll", "few", "accident", "crime", "animal", "cruelty"),
    "ATTACK": ("civil", "fighter", "armed", "toll", "accident", "cruelty"),
    "CEASEFIRE": ("armed", "authority", "crowd", "trade", "sport"),
    "EVACUATION": ("danger", "authority", "accident", "fighter"),
    "SUPPORT": ("victim",),
}
"""Classes whose absence is a circumstance too."""

_JOINED: Final[Mapping[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]]] = {
    "KILLING": (
        (("armed", "civil", "toll"), ()),
        (("armed", "fighter"), ()),
        (("civil", "toll"), ()),
        (("cruelty", "civil"), ()),
        (("armed", "toll"), ()),
        (("accident",), ("armed",)),
        (("crime",), ("armed",)),
        (("fighter",), ("civil",)),
        (("civil", "toll"), ("fighter",)),
        (("year",), ("now",)),
    ),
    "ATTACK": (
        (("armed", "civil"), ()),
        (("civil", "toll"), ()),
        (("armed", "fighter"), ()),
        (("accident",), ("armed",)),
        (("crime",), ("armed",)),
        (("fighter",), ("civil",)),
        (("civil", "toll"), ("fighter",)),
        (("year",), ("now",)),
    ),
    "CEASEFIRE": ((("armed", "authority"), ()), ((), ("armed", "authority")), (("year",), ("now",))),
    "EVACUATION": ((("danger", "authority"), ()), ((), ("danger", "authority")), (("year",), ("now",))),
    "SUPPORT": (),
}
"""Circumstances of several classes: those that are there, and those that are not."""


def circumstances(words: Sequence[str], triggers: Mapping[int, str]) -> list[str]:
    """Return the circumstances of the triggers of a sentence, sorted; `triggers` names the kind of each by its place."""
    if not triggers:
        return []
    classes = {place: _INDEX[word] for place, word in enumerate(words) if word in _INDEX}
    wide = _WIDE.intersection(chain.from_iterable(classes.values()))
    places: dict[str, list[int]] = {}
    for place, kind in triggers.items():
        places.setdefault(kind, []).append(place)
    found: set[str] = set()
    for kind, at in places.items():
        near = _object(classes, at, wide) if kind == "SUPPORT" else _around(classes, at, wide)
        found.update(f"{kind}&{name}" for name in near)
        found.update(f"{kind}!{name}" for name in _EXPECTED[kind] if name not in near)
        for there, absent in _JOINED[kind]:
            if near.issuperset(there) and near.isdisjoint(absent):
                found.add(kind + "".join(f"&{name}" for name in there) + "".join(f"!{name}" for name in absent))
    return sorted(found)


def _around(classes: Mapping[int, tuple[str, ...]], at: Sequence[int], wide: frozenset[str]) -> set[str]:
    near = set(wide)
    for place in at:
        for other, names in classes.items():
            away = other - place
            if not away or not -REACH <= away <= REACH:
                continue
            close = -NEAR[0] <= away <= NEAR[1]
            near.update(names if close or _CLOSE.isdisjoint(names) else [name for name in names if name not in _CLOSE])
    return near


def _object(classes: Mapping[int, tuple[str, ...]], at: Sequence[int], wide: frozenset[str]) -> set[str]:
    """The classes that tell whom a word of support is for: they follow it."""
    after = {name for place in at for other, names in classes.items() if 0 < other - place <= AFTER for name in names}
    return {name for name in after | wide if name in _OF_SUPPORT}
